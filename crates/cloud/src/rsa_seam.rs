//! Until the RSA crate is here.
use zeroize::Zeroizing;
pub(crate) struct CloudKey;
pub(crate) struct P;
impl P {
    pub(crate) fn as_spki(&self) -> [u8; 294] {
        [0; 294]
    }
}
impl CloudKey {
    pub(crate) fn generate() -> Result<Self, String> {
        Ok(Self)
    }
    pub(crate) fn read(_: &[u8]) -> Result<Self, String> {
        Ok(Self)
    }
    pub(crate) fn to_der(&self) -> Result<Zeroizing<Vec<u8>>, String> {
        Ok(Zeroizing::new(vec![]))
    }
    pub(crate) fn public(&self) -> P {
        P
    }
}
