import bench
SCENARIOS, scenario = bench.register("life")
