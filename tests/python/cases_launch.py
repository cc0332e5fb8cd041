import bench
SCENARIOS, scenario = bench.register("launch")
