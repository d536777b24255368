//! What tells one firmware from another on the wire.

use core::time::Duration;

use crate::coap::Code;
use crate::hello::HelloFlags;
use crate::tcp::{Generation, Sizes};

/// How a firmware reads its first message id from the salt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaltOrder {
    /// Old code.
    BigEndian,
    /// Newer code: a 16-bit load.
    LittleEndian,
}

/// What a function is given when it is called with an argument that is too long. The call is refused, and made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlong {
    /// The argument of the call before.
    Previous,
    /// As much of this one as the one before had.
    PreviousLength,
    /// As much of this one as fits.
    Cut,
}

/// How a firmware refuses an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refuses {
    /// With an acknowledgement that has the code of a request, 0.01.
    WithRequest,
    /// With 4.00, and no token.
    WithoutToken,
    /// With 5.03, and the token.
    WithToken,
}

/// How a firmware takes updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Updates {
    /// The largest file it takes, in bytes.
    pub largest: u32,
    /// How it refuses one.
    pub refuses: Refuses,
    /// Whether it also answers each chunk of a fast update.
    pub answers_fast_chunks: bool,
    /// How many missing chunks it asks for at a time.
    pub most_missed: u16,
    /// Whether it asks for no more than a fifth over what came since it last asked.
    pub misses_in_proportion: bool,
    /// Whether it wants that to be acknowledged.
    pub misses_confirmably: bool,
    /// With what it says by itself, after the chunks it asked for, that it has all.
    pub finishes_with: Option<Code>,
    /// After how long without a chunk it asks by itself.
    pub asks_after: Option<Duration>,
}

impl Updates {
    const FIRST: Self = Self {
        refuses: Refuses::WithRequest,
        answers_fast_chunks: true,
        finishes_with: Some(Code::POST),
        asks_after: Some(Duration::from_secs(3)),
        ..Self::OLD
    };

    const OLD: Self = Self {
        largest: 384_000,
        refuses: Refuses::WithoutToken,
        answers_fast_chunks: false,
        most_missed: 50,
        misses_in_proportion: false,
        misses_confirmably: true,
        finishes_with: Some(Code::PUT),
        asks_after: None,
    };

    const NEWER: Self =
        Self { most_missed: 40, misses_in_proportion: true, finishes_with: None, ..Self::OLD };
}

/// A firmware, by how it behaves. The fields are public so that a test can make one that never was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firmware {
    /// Which generation a cloud must take it for.
    pub generation: Generation,
    /// The platform it says by default: 0 Core, 6 Photon.
    pub platform_id: u16,
    /// The flags of its hello.
    pub flags: HelloFlags,
    /// What only the long hello has.
    pub sizes: Option<Sizes>,
    /// How it reads its first message id.
    pub salt_order: SaltOrder,
    /// The longest frame it takes; over it, it drops the connection.
    pub largest_frame: usize,
    /// The longest argument of a function.
    pub longest_argument: usize,
    /// What a call with a longer argument gets.
    pub overlong: Overlong,
    /// Whether its acknowledgements of pings and signals have its own next id.
    pub acknowledges_with_own_id: bool,
    /// Whether its empty acknowledgements are shifted by a byte.
    pub shifts_acknowledgements: bool,
    /// Whether it answers reads in the acknowledgement.
    pub reads_at_once: bool,
    /// Whether it answers describes in the acknowledgement.
    pub describes_at_once: bool,
    /// Whether it answers 4.00 to a describe without flags.
    pub requires_describe_flags: bool,
    /// Whether it describes itself unasked, and whether with a token.
    pub describes_unasked: bool,
    /// Whether it sends a token with the describes it sends unasked, and blocks when they are long.
    pub describes_in_blocks: bool,
    /// Whether it says goodbye.
    pub says_goodbye: bool,
    /// Whether it answers 4.04 for a variable that it does not have.
    pub knows_its_variables: bool,
    /// How it takes updates.
    pub updates: Updates,
}

impl Firmware {
    /// A Spark Core with 1.4.4, its last.
    pub const CORE: Self = Self {
        generation: Generation::Core,
        platform_id: 0,
        largest_frame: 640,
        updates: Updates { largest: 110_592, ..Updates::OLD },
        ..Self::PHOTON_0_7
    };

    /// A Photon with 0.4.0, the first.
    pub const PHOTON_0_4: Self =
        Self { shifts_acknowledgements: true, updates: Updates::FIRST, ..Self::PHOTON_0_7 };

    /// A Photon with 0.7.0.
    pub const PHOTON_0_7: Self = Self {
        generation: Generation::PhotonOld,
        platform_id: 6,
        flags: HelloFlags(0),
        sizes: None,
        salt_order: SaltOrder::BigEndian,
        largest_frame: 800,
        longest_argument: 63,
        overlong: Overlong::Previous,
        acknowledges_with_own_id: false,
        shifts_acknowledgements: false,
        reads_at_once: true,
        describes_at_once: true,
        requires_describe_flags: false,
        describes_unasked: false,
        describes_in_blocks: false,
        says_goodbye: false,
        knows_its_variables: false,
        updates: Updates::OLD,
    };

    /// A Photon with 1.0.1.
    pub const PHOTON_1_0: Self = Self {
        generation: Generation::Photon,
        flags: HelloFlags(0x02),
        salt_order: SaltOrder::LittleEndian,
        largest_frame: 768,
        longest_argument: 622,
        overlong: Overlong::PreviousLength,
        acknowledges_with_own_id: true,
        updates: Updates::NEWER,
        ..Self::PHOTON_0_7
    };

    /// A Photon with 1.5.2.
    pub const PHOTON_1_5: Self = Self {
        flags: HelloFlags(0x06),
        overlong: Overlong::Cut,
        reads_at_once: false,
        knows_its_variables: true,
        updates: Updates { refuses: Refuses::WithToken, ..Updates::NEWER },
        ..Self::PHOTON_1_0
    };

    /// A Photon with 2.3.1.
    pub const PHOTON_2_3: Self = Self {
        flags: HelloFlags(0x36),
        describes_at_once: false,
        describes_unasked: true,
        says_goodbye: true,
        updates: Updates { misses_confirmably: false, ..Self::PHOTON_1_5.updates },
        ..Self::PHOTON_1_5
    };

    /// A Photon with 3.3.1, the last.
    pub const PHOTON_3_3: Self = Self {
        generation: Generation::Photon3,
        sizes: Some(Sizes {
            system_version: 3301,
            max_message: 960,
            max_binary: 0x6_0000,
            chunk: 512,
        }),
        largest_frame: 928,
        longest_argument: 864,
        requires_describe_flags: true,
        describes_in_blocks: true,
        updates: Updates { largest: 0x6_0000, ..Self::PHOTON_2_3.updates },
        ..Self::PHOTON_2_3
    };

    /// The firmware that stands for a generation.
    #[must_use]
    pub const fn of(generation: Generation) -> Self {
        match generation {
            Generation::Core => Self::CORE,
            Generation::PhotonOld => Self::PHOTON_0_7,
            Generation::Photon => Self::PHOTON_2_3,
            Generation::Photon3 => Self::PHOTON_3_3,
        }
    }
}
