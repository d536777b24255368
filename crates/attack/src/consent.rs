//! Who may be attacked: loopback, and what its operator confirmed to own.
