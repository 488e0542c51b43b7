"""eGain casemgr v3 and customermgr v3 as the sandbox reads their documents."""
