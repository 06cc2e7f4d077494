//! Where systems are read: one module per way to ask them.
//! Not for drawing what they answered, nor for keeping it.

pub mod exposition;
