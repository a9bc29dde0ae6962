//! Judges the health of workers, from observations. Pure: values in, values out.
