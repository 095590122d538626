"""The pure core: values, decisions, programs and the simulated kernel.  Nothing here touches the machine."""
