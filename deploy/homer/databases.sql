-- Homer keeps settings and data apart; homer_config exists already as POSTGRES_DB.
CREATE DATABASE homer_data OWNER homer;
