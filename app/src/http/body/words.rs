//! Closed sets of words.

/// An enumeration with its words on the wire, as a [`super::TextForm`].
macro_rules! word_enum {
    ($(#[$doc:meta])* $vis:vis $name:ident, $expected:literal; $($variant:ident = $word:literal),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $vis enum $name {
            $(#[doc = $word] $variant),+
        }

        impl $crate::http::body::TextForm for $name {
            const EXPECTED: &'static str = $expected;

            fn schema() -> poem_openapi::registry::MetaSchema {
                $crate::http::body::text::one_of(&[$($word),+])
            }

            fn read(text: &str) -> Option<Self> {
                match text {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }

            fn write(&self) -> std::borrow::Cow<'_, str> {
                match self {
                    $(Self::$variant => $word.into()),+
                }
            }
        }
    };
}

pub(crate) use word_enum;
