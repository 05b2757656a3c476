# Airflow with this project's requirements; dags/, plugins/ and include/ are mounted by docker-compose.yaml.
FROM apache/airflow:3.3.2-python3.12
COPY requirements.txt /requirements.txt
RUN pip install --no-cache-dir --require-hashes --requirement /requirements.txt
