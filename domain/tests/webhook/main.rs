//! Webhooks: who is told what, once; how often it is tried; when an endpoint is rested and switched off.

mod delivering;
mod fanning_out;
mod guarding;
mod keeping;
mod switching_off;
mod world;
