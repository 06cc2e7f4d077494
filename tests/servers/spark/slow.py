"""An application whose job goes on for as long as the servers do."""

import time

from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
spark.sparkContext.parallelize(range(4), 4).map(lambda _: time.sleep(86400)).collect()
