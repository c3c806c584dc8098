//! The ports to the outside: contract suites on the fakes and on the real adapters against the simulators, and the
//! real adapters against answers that no simulator gives.

pub mod canned;
mod fakes;
mod google_wire;
mod identities;
mod leaks;
mod leaks_wire;
mod mail;
mod mail_refused;
mod outbound;
mod paystack_wire;
mod sandboxed;
mod textverified_buying;
mod textverified_reading;
mod tls;
mod vendor;

mod fake_number_provider {
    namaskah_tests::number_provider_contract!(super::fakes::numbers);
}
mod fake_payment_gateway {
    namaskah_tests::payment_gateway_contract!(super::fakes::payments);
}
mod fake_identity_provider {
    namaskah_tests::identity_provider_contract!(super::identities::fake);
}
mod google {
    namaskah_tests::identity_provider_contract!(super::identities::simulated);
}
mod fake_leaked_passwords {
    namaskah_tests::leaked_passwords_contract!(super::leaks::fake);
}
mod pwned_passwords {
    namaskah_tests::leaked_passwords_contract!(super::leaks::simulated);
}
mod fake_outbound_client {
    namaskah_tests::outbound_client_contract!(super::fakes::outbound);
}
mod http_outbound_client {
    namaskah_tests::outbound_client_contract!(super::outbound::started);
}
mod textverified {
    namaskah_tests::number_provider_contract!(super::sandboxed::started);
}
mod paystack {
    namaskah_tests::payment_gateway_contract!(super::sandboxed::started);
}
