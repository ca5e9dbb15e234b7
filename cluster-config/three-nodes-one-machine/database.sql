-- The database of three nodes and the one role that they all use; :password is set by whoever runs this, as README.md says.
CREATE ROLE passwordsync LOGIN PASSWORD :'password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
CREATE DATABASE passwordsync;
\connect passwordsync
REVOKE ALL ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA passwordsync AUTHORIZATION passwordsync;
