//! Where the head of a request ends. Nothing else is read from the bytes: what they mean is the server
//! library's to say.

/// How far a request's bytes are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Head {
    /// Empty lines, which may come before a request (RFC 9112, section 2.2).
    #[default]
    Ahead,
    /// In a line of the head.
    InLine,
    /// After a line of the head, perhaps with the carriage return of an empty one.
    LineEnded,
    /// The last byte was the end of the head.
    Over,
    /// After that.
    Behind,
}

impl Head {
    /// Goes through these bytes up to the end of the head, and returns how many that were; all of them
    /// if it does not end there, or has ended before.
    pub fn end_in(&mut self, bytes: &[u8]) -> usize {
        let mut index = 0;
        while index < bytes.len() && *self != Self::Behind {
            // Most of a head is the inside of lines.
            if *self == Self::InLine {
                let Some(line_feed) = bytes[index..].iter().position(|byte| *byte == b'\n') else { break };
                index += line_feed;
            }
            *self = self.after(bytes[index]);
            index += 1;
            if self.is_over() {
                return index;
            }
        }
        bytes.len()
    }

    /// Lines end with a line feed; a carriage return before it is optional (RFC 9112, section 2.2).
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Over | Self::Behind, _) => Self::Behind,
            (Self::Ahead, b'\r' | b'\n') => Self::Ahead,
            (Self::LineEnded, b'\n') => Self::Over,
            (Self::LineEnded, b'\r') | (Self::InLine, b'\n') => Self::LineEnded,
            _ => Self::InLine,
        }
    }

    /// Whether the head was just read to its end.
    pub fn is_over(self) -> bool {
        self == Self::Over
    }

    /// The head that was over has been looked at: what follows is behind it.
    pub fn goes_on(&mut self) {
        if self.is_over() {
            *self = Self::Behind;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_at_its_first_empty_line_however_it_is_cut() {
        for (bytes, end) in [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /", 27),
            ("GET / HTTP/1.1\nHost: a\n\nbody", 24),
            ("\r\n\r\n\nGET / HTTP/1.1\r\n\r\nbody", 23),
            ("GET / HTTP/1.1\r\nHost: a\r\n", 25),
        ] {
            for cut in 0..bytes.len() {
                let (first, second) = bytes.as_bytes().split_at(cut);
                let mut head = Head::default();
                let mut found = head.end_in(first);
                if !head.is_over() {
                    found += head.end_in(second);
                }
                assert_eq!(found, end, "{bytes:?} cut at {cut}");
                assert_eq!(head.is_over(), end < bytes.len());
            }
        }
    }

    #[test]
    fn behind_a_head_nothing_ends() {
        let mut head = Head::default();
        assert_eq!(head.end_in(b"GET / HTTP/1.1\r\n\r\n"), 18);
        assert_eq!(head.end_in(b"a\n\nb"), 4);
        assert!(!head.is_over());
    }
}
