//! Making products.

use pintle_firmware::module::Platform;

use super::{ProductId, Refusal, Shelf, Standing};
use crate::account::{AccountId, OrganizationId};
use crate::store::product::{Making, ProductRow};

/// Where numbers that are not asked for begin.
const FIRST: u16 = 10_000;
/// The most characters of a name.
const MAX_NAME: usize = 64;
/// The most bytes of a description.
pub(super) const MAX_TEXT: usize = 4_096;

/// A product to be made.
#[derive(Clone, Debug)]
pub struct NewProduct {
    /// Its number; `None` takes a free one.
    pub id: Option<u16>,
    /// Its name.
    pub name: String,
    /// Its name in addresses; `None` makes one of the name.
    pub slug: Option<String>,
    /// Free text.
    pub description: String,
    /// The kind of board.
    pub platform_id: u16,
    /// Who makes it. Whose it is, unless an organisation's.
    pub owner: AccountId,
    /// The organisation that it is of.
    pub organization: Option<OrganizationId>,
    /// Whether devices that say they are of it wait for its owner's word.
    pub quarantine: bool,
}

/// What can be changed of a product; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Its name.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Whether devices that say they are of it wait for its owner's word.
    pub quarantine: Option<bool>,
}

impl Shelf {
    /// Changes what a product is called and its quarantine switch.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn set(&self, id: ProductId, settings: Settings) -> Result<ProductRow, Refusal> {
        let missing = Refusal::NoProduct(id);
        let mut row = self.store.products().find(id).await?.ok_or(missing.clone())?;
        row.name = settings.name.map_or(row.name, |name| name.trim().to_owned());
        row.description = settings.description.unwrap_or(row.description);
        row.quarantine = settings.quarantine.unwrap_or(row.quarantine);
        check_texts(&row.name, &row.description)?;
        let store = self.store.telling(self.act("product.changed").on("product", id));
        if store.products().edit(&row).await? { Ok(row) } else { Err(missing) }
    }

    /// Makes a product without a keyring.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn create(&self, new: NewProduct) -> Result<ProductRow, Refusal> {
        let id = match new.id {
            Some(id) => ProductId(id),
            None => self.free_number().await?,
        };
        let slug = new.slug.clone().unwrap_or_else(|| format!("{}-v{id}", slug_of(&new.name)));
        check(&new, id, &slug)?;
        let row = ProductRow {
            id,
            slug,
            name: new.name.trim().to_owned(),
            description: new.description,
            platform_id: new.platform_id,
            owner: new.owner,
            organization: new.organization,
            quarantine: new.quarantine,
            standing: Standing::new().seal(&self.rooms.standing, id)?,
            created_at_ms: self.now_ms(),
        };
        let store = self.store.telling(self.act("product.created").on("product", id));
        match store.products().create(&row).await? {
            Making::Made => {}
            Making::Taken => {
                let text =
                    format!("There is a product of number {id} or slug {:?} already.", row.slug);
                return Err(Refusal::Input(text));
            }
        }
        self.remember(id).await?;
        Ok(row)
    }

    async fn free_number(&self) -> Result<ProductId, Refusal> {
        let all = self.store.products().all().await?;
        let taken = |id: &u16| all.iter().any(|row| row.id.0 == *id);
        let free = (FIRST..u16::MAX).find(|id| !taken(id));
        free.map(ProductId)
            .ok_or_else(|| Refusal::Input("There is no free product number left.".to_owned()))
    }
}

fn check(new: &NewProduct, id: ProductId, slug: &str) -> Result<(), Refusal> {
    let input = |text: String| Err(Refusal::Input(text));
    check_texts(new.name.trim(), &new.description)?;
    let of_slug = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_number = slug.parse::<u64>().is_ok();
    if slug.is_empty() || slug.len() > MAX_NAME || is_number || !slug.chars().all(of_slug) {
        return input(format!(
            "A slug has 1 to {MAX_NAME} lower-case letters, digits and hyphens, and is no number."
        ));
    }
    // Firmware without a product carries its platform's number, or 65535.
    if id.0 == 0 || id.0 == u16::MAX || Platform(id.0).is_known() {
        return input(format!(
            "{id} is no product number: take one that is no platform's, up to 65534."
        ));
    }
    if !Platform(new.platform_id).is_known() {
        return input(format!("There is no platform of number {}.", new.platform_id));
    }
    Ok(())
}

/// A name in lower case, with hyphens for all that is neither letter nor digit.
fn slug_of(name: &str) -> String {
    let word = |c: char| !c.is_ascii_alphanumeric();
    let words: Vec<_> = name.split(word).filter(|word| !word.is_empty()).collect();
    let joined = words.join("-").to_ascii_lowercase();
    let cut: String = joined.chars().take(MAX_NAME / 2).collect();
    if cut.is_empty() { "product".to_owned() } else { cut }
}

fn check_texts(name: &str, description: &str) -> Result<(), Refusal> {
    if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(Refusal::Input(format!("A product name has 1 to {MAX_NAME} characters.")));
    }
    if description.len() > MAX_TEXT {
        return Err(Refusal::Input(format!("A description has at most {MAX_TEXT} bytes.")));
    }
    Ok(())
}
