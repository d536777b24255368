//! OAuth clients, refresh tokens, and the customers of products.
//!
//! A *family* is a login that can be refreshed: every token that came of it goes with it. A used refresh token stays
//! until its family ends, so that one who uses it again is noticed. Nothing here is a secret in clear, and names lie
//! sealed under the tokens themselves. What a login is on its way to (codes) is kept in memory alone.

pub(super) const STEP: &str = "
CREATE TABLE client (
    id TEXT PRIMARY KEY,
    account BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    product BIGINT REFERENCES product (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    secret_hash BLOB NOT NULL,
    redirect_uri TEXT,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX client_account ON client (account, created_at);
CREATE INDEX client_product ON client (product, created_at) WHERE product IS NOT NULL;

CREATE TABLE customer (
    account BLOB PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    product BIGINT NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL
);
CREATE INDEX customer_product ON customer (product, created_at, account);

CREATE TABLE token_family (
    id BLOB PRIMARY KEY,
    account BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    client TEXT NOT NULL,
    holder TEXT NOT NULL,
    product BIGINT REFERENCES product (id) ON DELETE CASCADE,
    scopes TEXT NOT NULL,
    second_factor_at BIGINT,
    created_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE INDEX token_family_account ON token_family (account);
CREATE INDEX token_family_end ON token_family (ends_at);

CREATE TABLE refresh_token (
    hash BLOB PRIMARY KEY,
    family BLOB NOT NULL REFERENCES token_family (id) ON DELETE CASCADE,
    sealed_name BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX refresh_token_family ON refresh_token (family);

ALTER TABLE token ADD COLUMN holder TEXT NOT NULL DEFAULT 'person';
ALTER TABLE token ADD COLUMN product BIGINT REFERENCES product (id) ON DELETE CASCADE;
ALTER TABLE token ADD COLUMN scopes TEXT NOT NULL DEFAULT '*:*';
ALTER TABLE token ADD COLUMN second_factor_at BIGINT;
ALTER TABLE token ADD COLUMN family BLOB REFERENCES token_family (id) ON DELETE CASCADE;
CREATE INDEX token_family_member ON token (family) WHERE family IS NOT NULL;
";
