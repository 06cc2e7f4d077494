"""Fills an emulated AWS: a user with a key, ECS services and tasks, Glue jobs and runs, CloudFormation stacks, a SageMaker endpoint.

Usage: seed.py URL FILE     FILE then holds the key's id and secret, in one line.
"""

import json
import os
import sys

import boto3
from botocore.config import Config

URL, KEYS = sys.argv[1:3]


def session(key="none", secret="none"):
    made = boto3.Session(aws_access_key_id=key, aws_secret_access_key=secret, region_name="us-east-1")
    return lambda service: made.client(service, endpoint_url=URL, config=Config(retries={"max_attempts": 1}))


def user_with_a_key():
    iam = session()("iam")
    iam.create_user(UserName="oncall")
    key = iam.create_access_key(UserName="oncall")["AccessKey"]
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName="oncall", PolicyName="all", PolicyDocument=json.dumps(everything))
    return key["AccessKeyId"], key["SecretAccessKey"]


def containers(client):
    ecs, ec2 = client("ecs"), client("ec2")
    ecs.create_cluster(clusterName="prod")
    container = {"name": "app", "image": "nginx:1.26", "essential": True, "cpu": 128, "memory": 256}
    ecs.register_task_definition(
        family="web", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512", containerDefinitions=[container]
    )
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    network = {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group]}}
    for number in range(12):
        ecs.create_service(
            cluster="prod", serviceName=f"web-{number}", taskDefinition="web:1", desiredCount=1 + number % 2, launchType="FARGATE",
            networkConfiguration=network,
        )
    tasks = ecs.run_task(cluster="prod", taskDefinition="web:1", launchType="FARGATE", networkConfiguration=network, count=2)["tasks"]
    ecs.stop_task(cluster="prod", task=tasks[0]["taskArn"], reason="stopped by a test")


def jobs(client):
    glue = client("glue")
    role = "arn:aws:iam::123456789012:role/glue"
    command = {"Name": "glueetl", "ScriptLocation": "s3://bucket/etl.py"}
    glue.create_job(Name="nightly-etl", Role=role, Command=command, GlueVersion="4.0", NumberOfWorkers=2, WorkerType="G.1X")
    glue.start_job_run(JobName="nightly-etl", Arguments={"--day": "2026-11-23", "--password": "not-shown"})
    glue.create_database(DatabaseInput={"Name": "lake"})
    glue.create_crawler(Name="raw", Role=role, DatabaseName="lake", Targets={"S3Targets": [{"Path": "s3://bucket/"}]})


def stacks(client):
    cloudformation = client("cloudformation")
    queue = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}
    cloudformation.create_stack(StackName="network", TemplateBody=json.dumps(queue), Tags=[{"Key": "team", "Value": "core"}])
    queue["Resources"]["Second"] = {"Type": "AWS::SQS::Queue"}
    cloudformation.update_stack(StackName="network", TemplateBody=json.dumps(queue))


def models(client):
    sagemaker = client("sagemaker")
    role = "arn:aws:iam::123456789012:role/sagemaker"
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/fraud:7"
    machine = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
    variant = {"VariantName": "all", "ModelName": "fraud", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large", "InitialVariantWeight": 1.0}
    sagemaker.create_training_job(
        TrainingJobName="fraud-7", RoleArn=role, AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File"},
        OutputDataConfig={"S3OutputPath": "s3://bucket/out"}, ResourceConfig=machine, StoppingCondition={"MaxRuntimeInSeconds": 3600},
    )
    sagemaker.create_model(ModelName="fraud", ExecutionRoleArn=role, PrimaryContainer={"Image": image, "ModelDataUrl": "s3://bucket/model.tar.gz"})
    sagemaker.create_endpoint_config(EndpointConfigName="fraud", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="fraud", EndpointConfigName="fraud")


def main():
    key, secret = user_with_a_key()
    client = session(key, secret)
    containers(client)
    jobs(client)
    stacks(client)
    models(client)
    with open(os.open(KEYS, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(f"{key} {secret}\n")


main()
