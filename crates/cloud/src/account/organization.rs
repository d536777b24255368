//! What an organisation is called.

use crate::account::OrganizationId;
use crate::store::organization::OrganizationRow;

/// The most characters of a name or a slug.
const MAX: usize = 64;

/// Why an organisation cannot be called so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadOrganization {
    /// The name is empty, too long, or has control characters.
    #[error("an organization's name has 1 to {MAX} characters and no control characters")]
    Name,
    /// The slug is nothing for an address, or reads as an id.
    #[error(
        "a slug has 1 to {MAX} lower-case letters, digits and hyphens, and is no number of 24 digits"
    )]
    Slug,
    /// There are no random bytes for its id.
    #[error("the cryptographic library refused: no random bytes")]
    Crypto,
}

/// An organisation to be made. Where no slug is given, one is made of the name.
///
/// # Errors
/// [`BadOrganization`]
pub fn new_organization(
    name: &str,
    slug: Option<String>,
    now_ms: i64,
) -> Result<OrganizationRow, BadOrganization> {
    let id = OrganizationId::generate().map_err(|_| BadOrganization::Crypto)?;
    let name = organization_name(name)?;
    let slug = slug.unwrap_or_else(|| slug_of(&name, id));
    let of_slug = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fits = !slug.is_empty() && slug.len() <= MAX && slug.chars().all(of_slug);
    if !fits || OrganizationId::parse(&slug).is_some() {
        return Err(BadOrganization::Slug);
    }
    Ok(OrganizationRow { id, slug, name, created_at_ms: now_ms })
}

/// The name, without blanks around it.
///
/// # Errors
/// [`BadOrganization::Name`]
pub fn organization_name(name: &str) -> Result<String, BadOrganization> {
    let name = name.trim();
    let fits = (1..=MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits { Ok(name.to_owned()) } else { Err(BadOrganization::Name) }
}

/// The name in lower case with hyphens, and a piece of the id so that it is free.
fn slug_of(name: &str, id: OrganizationId) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    let cut: String = joined.chars().take(MAX / 2).collect();
    let id = id.to_string();
    format!("{}-{}", if cut.is_empty() { "org" } else { &cut }, id.get(..6).unwrap_or(&id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_made_of_the_name_and_what_is_given_is_checked() {
        let made = new_organization(" Acme & Sons ", None, 1).unwrap();
        assert_eq!(made.name, "Acme & Sons");
        assert!(made.slug.starts_with("acme-sons-"), "{}", made.slug);
        assert!(new_organization("\u{d6}l", None, 1).unwrap().slug.starts_with("l-"));
        assert!(new_organization("\u{fc}", None, 1).unwrap().slug.starts_with("org-"));
        for slug in ["", "A", "a b", "0123456789abcdef01234567"] {
            let refused = new_organization("x", Some(slug.to_owned()), 1);
            assert_eq!(refused, Err(BadOrganization::Slug), "{slug}");
        }
        assert_eq!(organization_name("\n"), Err(BadOrganization::Name));
        assert_eq!(organization_name(&"x".repeat(65)), Err(BadOrganization::Name));
    }
}
