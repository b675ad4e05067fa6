//! Values out of bytes, so that whoever chooses the bytes chooses the values.

/// Reads values from bytes; behind their end everything is zero.
pub struct Choices<'b> {
    bytes: &'b [u8],
}

impl<'b> Choices<'b> {
    pub fn new(bytes: &'b [u8]) -> Self {
        Choices { bytes }
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *first
    }

    pub fn flag(&mut self) -> bool {
        self.byte() % 2 == 1
    }

    pub fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[usize::from(self.byte()) % values.len()]
    }

    /// So many bytes as the next one says.
    pub fn some(&mut self) -> &'b [u8] {
        let length = usize::from(self.byte()).min(self.bytes.len());
        let (some, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        some
    }

    pub fn text(&mut self) -> String {
        String::from_utf8_lossy(self.some()).into_owned()
    }
}
