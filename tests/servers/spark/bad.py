"""An application whose job fails: Spark calls it completed all the same."""

from pyspark.sql import SparkSession


def charge(order):
    raise ValueError("card gateway answered 503")


spark = SparkSession.builder.getOrCreate()
spark.sparkContext.parallelize(range(10), 2).map(charge).collect()
