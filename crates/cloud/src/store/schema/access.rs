//! Organisations, teams, roles and the people of a product.
//!
//! A member is of an organisation or of a product. A service is a member without a role, with scopes of its own and a
//! label, which is what its maker calls a program.

pub(super) const STEP: &str = "
CREATE TABLE organization (
    id BLOB PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

ALTER TABLE product ADD COLUMN organization BLOB REFERENCES organization (id);
CREATE INDEX product_organization ON product (organization, id) WHERE organization IS NOT NULL;

CREATE TABLE member (
    account BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    organization BLOB REFERENCES organization (id) ON DELETE CASCADE,
    product BIGINT REFERENCES product (id) ON DELETE CASCADE,
    role TEXT,
    scopes TEXT,
    label TEXT,
    added_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX member_of_organization ON member (organization, account) WHERE organization IS NOT NULL;
CREATE UNIQUE INDEX member_of_product ON member (product, account) WHERE product IS NOT NULL;
CREATE INDEX member_account ON member (account);
";
