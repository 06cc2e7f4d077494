"""An application whose jobs succeed."""

from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
print(spark.sparkContext.parallelize(range(1000), 2).sum())
spark.stop()
