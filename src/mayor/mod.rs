//! Turns a goal into a checked plan. Pure: values in, values out.
