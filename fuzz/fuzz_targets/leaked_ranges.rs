#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| namaskah_fuzz::leaked_ranges(data));
