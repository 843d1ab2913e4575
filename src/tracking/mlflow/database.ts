// This file opens mlflow.db and creates its tables, frozen at one old revision. MLflow brings such a file
// up to date when it opens it, and rows with named columns still fit afterwards. The names of constraints
// matter to those migrations.

import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { makeFolder, mustBeFile } from '../../files/disk.ts'
import { DdpgError, reasonOf } from '../../base/errors.ts'

/** The longest time that a write waits for another program's. */
const busyMilliseconds = 5000

export function hasSqlite(): boolean {
  return sqliteModule() !== undefined
}

/** Not an import: this file must load where the module does not exist. */
function sqliteModule(): typeof import('node:sqlite') | undefined {
  return globalThis.process?.getBuiltinModule?.('node:sqlite')
}

/**
 * Opens the database, or creates it with the folders above it. Throws an Error with what to do for a file that
 * is none, or whose tables rows of ours would not fit. Only where hasSqlite.
 */
export function openDatabase(file: string): DatabaseSync {
  const sqlite = sqliteModule()!
  let database: DatabaseSync | undefined
  try {
    makeFolder(dirname(file))
    mustBeFile(file)
    const opened = new sqlite.DatabaseSync(file, { timeout: busyMilliseconds })
    database = opened
    opened.exec('PRAGMA foreign_keys = ON')
    // the triggers and views of a stranger's file
    opened.exec('PRAGMA trusted_schema = OFF')
    transaction(opened, () => {
      createTables(opened)
      checkTables(opened)
    })
    return opened
  } catch (error) {
    database?.close()
    throw new DdpgError(`cannot use ${file} as an MLflow database: ${reasonOf(error)}`, { cause: error })
  }
}

/** Alembic's name of the revision. */
const revision = '2d6e25af4d3e'

const ddl = `
CREATE TABLE alembic_version (
  version_num VARCHAR(32) NOT NULL,
  CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE experiments (
  experiment_id INTEGER NOT NULL,
  name VARCHAR(256) NOT NULL,
  artifact_location VARCHAR(256),
  lifecycle_stage VARCHAR(32),
  creation_time BIGINT,
  last_update_time BIGINT,
  CONSTRAINT experiment_pk PRIMARY KEY (experiment_id),
  UNIQUE (name),
  CONSTRAINT experiments_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted'))
);
CREATE TABLE experiment_tags (
  key VARCHAR(250) NOT NULL,
  value VARCHAR(5000),
  experiment_id INTEGER NOT NULL,
  CONSTRAINT experiment_tag_pk PRIMARY KEY (key, experiment_id),
  FOREIGN KEY (experiment_id) REFERENCES experiments (experiment_id)
);
CREATE TABLE runs (
  run_uuid VARCHAR(32) NOT NULL,
  name VARCHAR(250),
  source_type VARCHAR(20),
  source_name VARCHAR(500),
  entry_point_name VARCHAR(50),
  user_id VARCHAR(256),
  status VARCHAR(9),
  start_time BIGINT,
  end_time BIGINT,
  source_version VARCHAR(50),
  lifecycle_stage VARCHAR(20),
  artifact_uri VARCHAR(200),
  experiment_id INTEGER,
  deleted_time BIGINT,
  CONSTRAINT run_pk PRIMARY KEY (run_uuid),
  CONSTRAINT source_type CHECK (source_type IN ('NOTEBOOK', 'JOB', 'LOCAL', 'UNKNOWN', 'PROJECT')),
  CONSTRAINT runs_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted')),
  CHECK (status IN ('SCHEDULED', 'FAILED', 'FINISHED', 'RUNNING', 'KILLED')),
  FOREIGN KEY (experiment_id) REFERENCES experiments (experiment_id)
);
CREATE TABLE tags (
  key VARCHAR(250) NOT NULL,
  value VARCHAR(5000),
  run_uuid VARCHAR(32) NOT NULL,
  CONSTRAINT tag_pk PRIMARY KEY (key, run_uuid),
  FOREIGN KEY (run_uuid) REFERENCES runs (run_uuid)
);
CREATE INDEX index_tags_run_uuid ON tags (run_uuid);
CREATE TABLE params (
  key VARCHAR(250) NOT NULL,
  value VARCHAR(8000) NOT NULL,
  run_uuid VARCHAR(32) NOT NULL,
  CONSTRAINT param_pk PRIMARY KEY (key, run_uuid),
  FOREIGN KEY (run_uuid) REFERENCES runs (run_uuid)
);
CREATE INDEX index_params_run_uuid ON params (run_uuid);
CREATE TABLE metrics (
  key VARCHAR(250) NOT NULL,
  value FLOAT NOT NULL,
  timestamp BIGINT NOT NULL,
  run_uuid VARCHAR(32) NOT NULL,
  step BIGINT DEFAULT '0' NOT NULL,
  is_nan BOOLEAN DEFAULT '0' NOT NULL,
  CONSTRAINT metric_pk PRIMARY KEY (key, timestamp, step, run_uuid, value, is_nan),
  FOREIGN KEY (run_uuid) REFERENCES runs (run_uuid),
  CHECK (is_nan IN (0, 1))
);
CREATE INDEX index_metrics_run_uuid ON metrics (run_uuid);
CREATE TABLE latest_metrics (
  key VARCHAR(250) NOT NULL,
  value FLOAT NOT NULL,
  timestamp BIGINT,
  step BIGINT NOT NULL,
  is_nan BOOLEAN NOT NULL,
  run_uuid VARCHAR(32) NOT NULL,
  CONSTRAINT latest_metric_pk PRIMARY KEY (key, run_uuid),
  FOREIGN KEY (run_uuid) REFERENCES runs (run_uuid),
  CHECK (is_nan IN (0, 1))
);
CREATE INDEX index_latest_metrics_run_uuid ON latest_metrics (run_uuid);
CREATE TABLE datasets (
  dataset_uuid VARCHAR(36) NOT NULL,
  experiment_id INTEGER NOT NULL,
  name VARCHAR(500) NOT NULL,
  digest VARCHAR(36) NOT NULL,
  dataset_source_type VARCHAR(36) NOT NULL,
  dataset_source TEXT NOT NULL,
  dataset_schema TEXT,
  dataset_profile TEXT,
  CONSTRAINT dataset_pk PRIMARY KEY (experiment_id, name, digest),
  FOREIGN KEY (experiment_id) REFERENCES experiments (experiment_id)
);
CREATE INDEX index_datasets_dataset_uuid ON datasets (dataset_uuid);
CREATE INDEX index_datasets_experiment_id_dataset_source_type ON datasets (experiment_id, dataset_source_type);
CREATE TABLE inputs (
  input_uuid VARCHAR(36) NOT NULL,
  source_type VARCHAR(36) NOT NULL,
  source_id VARCHAR(36) NOT NULL,
  destination_type VARCHAR(36) NOT NULL,
  destination_id VARCHAR(36) NOT NULL,
  CONSTRAINT inputs_pk PRIMARY KEY (source_type, source_id, destination_type, destination_id)
);
CREATE INDEX index_inputs_input_uuid ON inputs (input_uuid);
CREATE INDEX index_inputs_destination_type_destination_id_source_type
  ON inputs (destination_type, destination_id, source_type);
CREATE TABLE input_tags (
  input_uuid VARCHAR(36) NOT NULL,
  name VARCHAR(255) NOT NULL,
  value VARCHAR(500) NOT NULL,
  CONSTRAINT input_tags_pk PRIMARY KEY (input_uuid, name)
);
CREATE TABLE registered_models (
  name VARCHAR(256) NOT NULL,
  creation_time BIGINT,
  last_updated_time BIGINT,
  description VARCHAR(5000),
  CONSTRAINT registered_model_pk PRIMARY KEY (name),
  UNIQUE (name)
);
CREATE TABLE registered_model_tags (
  key VARCHAR(250) NOT NULL,
  value VARCHAR(5000),
  name VARCHAR(256) NOT NULL,
  CONSTRAINT registered_model_tag_pk PRIMARY KEY (key, name),
  FOREIGN KEY (name) REFERENCES registered_models (name) ON UPDATE CASCADE
);
CREATE TABLE registered_model_aliases (
  alias VARCHAR(256) NOT NULL,
  version INTEGER NOT NULL,
  name VARCHAR(256) NOT NULL,
  CONSTRAINT registered_model_alias_pk PRIMARY KEY (name, alias),
  CONSTRAINT registered_model_alias_name_fkey FOREIGN KEY (name)
    REFERENCES registered_models (name) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE TABLE model_versions (
  name VARCHAR(256) NOT NULL,
  version INTEGER NOT NULL,
  creation_time BIGINT,
  last_updated_time BIGINT,
  description VARCHAR(5000),
  user_id VARCHAR(256),
  current_stage VARCHAR(20),
  source VARCHAR(500),
  run_id VARCHAR(32),
  status VARCHAR(20),
  status_message VARCHAR(500),
  run_link VARCHAR(500),
  CONSTRAINT model_version_pk PRIMARY KEY (name, version),
  FOREIGN KEY (name) REFERENCES registered_models (name) ON UPDATE CASCADE
);
CREATE TABLE model_version_tags (
  key VARCHAR(250) NOT NULL,
  value VARCHAR(5000),
  name VARCHAR(256) NOT NULL,
  version INTEGER NOT NULL,
  CONSTRAINT model_version_tag_pk PRIMARY KEY (key, name, version),
  FOREIGN KEY (name, version) REFERENCES model_versions (name, version) ON UPDATE CASCADE
);
INSERT INTO alembic_version VALUES ('${revision}');
`

/** The columns that are written; an existing file must have them and ask for no others. */
const columns = {
  experiments: 'experiment_id name artifact_location lifecycle_stage creation_time last_update_time',
  experiment_tags: 'key value experiment_id',
  runs:
    'run_uuid name source_type source_name entry_point_name user_id status start_time source_version ' +
    'lifecycle_stage artifact_uri experiment_id',
  tags: 'key value run_uuid',
  params: 'key value run_uuid',
  metrics: 'key value timestamp run_uuid step is_nan',
  latest_metrics: 'key value timestamp step is_nan run_uuid',
  datasets:
    'dataset_uuid experiment_id name digest dataset_source_type dataset_source dataset_schema dataset_profile',
  inputs: 'input_uuid source_type source_id destination_type destination_id',
  input_tags: 'input_uuid name value',
}

type TableName = keyof typeof columns

/** An INSERT with one named parameter per column. */
export function insertInto(table: TableName): string {
  const names = columns[table].split(' ')
  return `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((name) => `:${name}`).join(', ')})`
}

/** Call inside a transaction. An Error when the database has tables, but not those of an MLflow. */
function createTables(database: DatabaseSync): void {
  if (tableExists(database, 'alembic_version')) return
  if (database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get())
    throw new DdpgError('it holds tables of something else: choose another file')
  database.exec(ddl)
}

/** Throws an Error with what to do when rows of ours would not fit. */
function checkTables(database: DatabaseSync): void {
  for (const [table, names] of Object.entries(columns)) {
    const ours = new Set(names.split(' '))
    const theirs = database.prepare(`SELECT * FROM pragma_table_info(?)`).all(table)
    const missing = [...ours].find((name) => !theirs.some((found) => found['name'] === name))
    if (missing)
      throw new DdpgError(
        `${table}.${missing} is missing, so it was made by an older MLflow: run "mlflow db upgrade" on it`,
      )
    const extra = theirs.find(
      (found) => found['notnull'] && found['dflt_value'] === null && !ours.has(String(found['name'])),
    )
    if (extra)
      throw new DdpgError(
        `${table}.${extra['name']} is required, so it was made by a newer MLflow: choose another file`,
      )
  }
}

function tableExists(database: DatabaseSync, name: string): boolean {
  return (
    database.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`).get(name) !== undefined
  )
}

/** Runs `work` as one transaction, which takes the write lock at once. */
export function transaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    work()
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
