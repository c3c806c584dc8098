#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| namaskah_fuzz::google_tokens(data));
