//! Everything that can be wrong with a module, each said so that whoever uploads it knows what to do.

use super::{Dependency, Function, Platform, Product};

/// Why a file cannot be read as a module at all.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Unreadable {
    /// Shorter than the shortest module.
    #[error("{length} bytes are too few for a module: is the file complete?")]
    TooShort {
        /// How long it is.
        length: usize,
    },
    /// Nothing in it looks like a prefix.
    #[error("no module prefix in it: is this a compiled module?")]
    NoPrefix,
}

impl Unreadable {
    /// A short name that does not change.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooShort { .. } => "too-short",
            Self::NoPrefix => "no-prefix",
        }
    }
}

/// One thing that is wrong with a module.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Reason {
    /// Its addresses are in the wrong order.
    #[error("start address {start:#x} is not before end address {end:#x}")]
    AddressOrder {
        /// Where it starts.
        start: u32,
        /// Where it ends.
        end: u32,
    },
    /// The file is longer or shorter than the addresses say.
    #[error(
        "the addresses ask for {declared} bytes, the file has {actual}: build or fetch it again"
    )]
    Size {
        /// By its addresses.
        declared: usize,
        /// By its bytes.
        actual: usize,
    },
    /// The CRC-32 is another.
    #[error("CRC-32 is {computed:08x}, the module says {stored:08x}: it was changed or damaged")]
    Crc {
        /// What it says.
        stored: u32,
        /// What it is.
        computed: u32,
    },
    /// The SHA-256 is another.
    #[error("SHA-256 is not what the module says: it was changed or damaged")]
    Sha256,
    /// The suffix cannot be as long as it says.
    #[error("a suffix of {size} bytes cannot be")]
    SuffixSize {
        /// What it says.
        size: u16,
    },
    /// The extensions of the suffix cannot be read.
    #[error("the suffix holds something that is no extension")]
    SuffixExtensions,
    /// The extensions of the prefix cannot be read, or have no end.
    #[error("the prefix holds something that is no extension, or no end of them")]
    PrefixExtensions,
    /// A board nobody knows.
    #[error("platform {0} is not known")]
    UnknownPlatform(Platform),
    /// A function nobody knows, or none.
    #[error("module function {0} is none that a module can have")]
    UnknownFunction(Function),
    /// Flags nobody knows.
    #[error("module flags {0:#04x} are not all known")]
    UnknownFlags(u8),
    /// A dependency on nothing that names an index or a version.
    #[error("a dependency on no module names index {} and version {}", .0.index, .0.version)]
    EmptyDependency(Dependency),
    /// It would be written where it must not.
    #[error("addresses {start:#x} to {end:#x} are outside the module's place on the device")]
    AddressRange {
        /// Where it starts.
        start: u32,
        /// Where it ends.
        end: u32,
    },
    /// A prefix that is dropped or deflated has to be at the start.
    #[error("the prefix is at {offset:#x}; with these flags it has to be at the start")]
    PrefixOffset {
        /// Where it is.
        offset: usize,
    },
    /// The header of compressed content is missing or not understood.
    #[error("compressed content without a header that is understood")]
    CompressionHeader,
    /// Modules of this function are never compressed.
    #[error("a {} cannot be compressed", .0.name())]
    NotCompressible(Function),
    /// More would come out than is allowed.
    #[error("{declared} bytes would come out of the compressed content, {limit} may")]
    InflatedTooLarge {
        /// What the header says.
        declared: u32,
        /// What is allowed.
        limit: u32,
    },
    /// The stream is broken.
    #[error("the compressed content cannot be inflated: it was changed or damaged")]
    Inflate,
    /// Another length came out than declared.
    #[error("the compressed content does not have the {declared} bytes that its header says")]
    InflatedSize {
        /// What the header says.
        declared: u32,
    },
    /// What came out is no module, or a bad one.
    #[error("the module inside the compressed one is not valid")]
    Inner,
    /// What came out is another kind of module than its wrapping says.
    #[error("the module inside the compressed one is not the one outside")]
    InnerDiffers,
    /// Another module should follow, and none does.
    #[error("it says that another module follows, and none does")]
    CombinedMissing,
    /// A third follows the second.
    #[error("more than two modules are combined")]
    CombinedTooMany,
    /// What follows is a module with something wrong.
    #[error("the second of the combined modules is not valid")]
    CombinedInvalid,
    /// An asset without the flag that assets have.
    #[error("an asset has to say that its prefix is dropped")]
    AssetFlags,
    /// An asset without a name.
    #[error("an asset without a name")]
    AssetName,
    /// An asset without a hash.
    #[error("an asset without a hash of its content")]
    AssetHash,
    /// An asset whose content is not what its hash says.
    #[error("the content of the asset is not what its hash says")]
    AssetContent,
    /// It is for another board.
    #[error("it is for {found}, not for {wanted}")]
    Platform {
        /// Its platform.
        found: Platform,
        /// The one that it should have.
        wanted: Platform,
    },
    /// It belongs to no product.
    #[error("it belongs to no product, and should to product {wanted}")]
    NoProduct {
        /// The product that it should belong to.
        wanted: u16,
    },
    /// It belongs to another product.
    #[error("it belongs to product {}, not to {wanted}", .found.id)]
    ProductId {
        /// Its product.
        found: Product,
        /// The one that it should belong to.
        wanted: u16,
    },
    /// It is another version of the product.
    #[error("it is version {} of the product, not {wanted}", .found.version)]
    ProductVersion {
        /// Its product.
        found: Product,
        /// The version that it should be.
        wanted: u16,
    },
    /// It is another function.
    #[error("it is a {}, not a {}", .found.name(), .wanted.name())]
    Function {
        /// Its function.
        found: Function,
        /// The one that it should have.
        wanted: Function,
    },
    /// It is another of its function.
    #[error("it has index {found}, not {wanted}")]
    Index {
        /// Its index.
        found: u8,
        /// The one that it should have.
        wanted: u8,
    },
    /// The device lacks something.
    #[error("it needs {0}, which the device does not have")]
    DependencyMissing(Dependency),
    /// The device has an older one.
    #[error("it needs {wanted}, the device has version {found}")]
    DependencyTooOld {
        /// What it needs.
        wanted: Dependency,
        /// The version that the device has.
        found: u16,
    },
    /// Longer than the device takes.
    #[error("{size} bytes are more than the {limit} that fit")]
    TooLarge {
        /// How long it is.
        size: usize,
        /// How long it may be.
        limit: usize,
    },
}

impl Reason {
    /// A short name that does not change.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AddressOrder { .. } => "address-order",
            Self::Size { .. } => "size",
            Self::Crc { .. } => "crc",
            Self::Sha256 => "sha256",
            Self::SuffixSize { .. } => "suffix-size",
            Self::SuffixExtensions => "suffix-extensions",
            Self::PrefixExtensions => "prefix-extensions",
            Self::UnknownPlatform(_) => "unknown-platform",
            Self::UnknownFunction(_) => "unknown-function",
            Self::UnknownFlags(_) => "unknown-flags",
            Self::EmptyDependency(_) => "empty-dependency",
            Self::AddressRange { .. } => "address-range",
            Self::PrefixOffset { .. } => "prefix-offset",
            Self::CompressionHeader => "compression-header",
            Self::NotCompressible(_) => "not-compressible",
            Self::InflatedTooLarge { .. } => "inflated-too-large",
            Self::Inflate => "inflate",
            Self::InflatedSize { .. } => "inflated-size",
            Self::Inner => "inner-module",
            Self::InnerDiffers => "inner-module-differs",
            Self::CombinedMissing => "combined-missing",
            Self::CombinedTooMany => "combined-too-many",
            Self::CombinedInvalid => "combined-invalid",
            Self::AssetFlags => "asset-flags",
            Self::AssetName => "asset-name",
            Self::AssetHash => "asset-hash",
            Self::AssetContent => "asset-content",
            Self::Platform { .. } => "platform",
            Self::NoProduct { .. } => "no-product",
            Self::ProductId { .. } => "product-id",
            Self::ProductVersion { .. } => "product-version",
            Self::Function { .. } => "function",
            Self::Index { .. } => "index",
            Self::DependencyMissing(_) => "dependency-missing",
            Self::DependencyTooOld { .. } => "dependency-too-old",
            Self::TooLarge { .. } => "too-large",
        }
    }
}
