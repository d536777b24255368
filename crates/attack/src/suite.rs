//! Runs cases one after the other, each within its bounds, and keeps what came of them.

use crate::case::{Case, Cost, Outcome};
use crate::course::Course;
use crate::target::Target;
use std::collections::BTreeMap;
use std::time::Duration;

/// What came of the cases of a run, by their ids.
pub type Outcomes = BTreeMap<String, Outcome>;

/// For one case that is quick.
const QUICK: (Duration, u32) = (Duration::from_secs(8), 5_000);
/// For any other.
const FULL: (Duration, u32) = (Duration::from_secs(60), 200_000);

/// Which cases of all are run, and where their random choices begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    /// All of them, not only the quick ones.
    pub full: bool,
    /// The same seed, the same attacks.
    pub seed: u64,
}

impl Selection {
    /// Whether it has this case.
    #[must_use]
    pub fn has(self, case: &Case) -> bool {
        self.full || case.cost == Cost::Quick
    }

    /// Runs these cases; `tell` hears of each before it begins, and again when it is over.
    pub fn run<'a>(
        self,
        target: &Target,
        cases: impl IntoIterator<Item = &'a Case>,
        mut tell: impl FnMut(&Case, Option<&Outcome>),
    ) -> Outcomes {
        let mut outcomes = Outcomes::new();
        for case in cases {
            tell(case, None);
            let (time, sends) = if self.full { FULL } else { QUICK };
            let outcome = (case.run)(target, &mut Course::new(time, sends, self.seed));
            tell(case, Some(&outcome));
            outcomes.insert(case.id.to_owned(), outcome);
        }
        outcomes
    }
}
