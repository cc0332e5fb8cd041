import bench
SCENARIOS, scenario = bench.register("processes")
