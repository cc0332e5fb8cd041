import bench
SCENARIOS, scenario = bench.register("code")
