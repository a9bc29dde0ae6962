//! The merge queue of a rig: order, verdicts, decisions. Pure: values in, values out.
