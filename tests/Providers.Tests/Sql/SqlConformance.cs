using PasswordSync.Providers.Sql;
using PasswordSync.Providers.Tests.Conformance;
using PasswordSync.Providers.Tests.PostgreSqlRoles;

namespace PasswordSync.Providers.Tests.Sql;

public sealed class SqlConformance : SearchingConformance
{
    private protected override Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ConformanceTarget>(new SqlConformanceTarget());
}

/// <summary>A table on PostgreSQL by the names of its columns, with SHA-512-crypt.</summary>
public sealed class PostgreSqlTableConformance(PostgreSqlRolesServer server) : SearchingConformance
{
    private protected override async Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) =>
        await PostgreSqlTableTarget.OpenAsync(server, SqlHash.Sha512Crypt, withStatements: false, cancellationToken);
}

public sealed class PostgreSqlTableNetwork(PostgreSqlRolesServer server) : TlsConformance
{
    private protected override async Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) =>
        await PostgreSqlTableTarget.OpenAsync(server, SqlHash.Sha512Crypt, withStatements: false, cancellationToken);
}

/// <summary>By statements of the settings, with PBKDF2.</summary>
public sealed class PostgreSqlStatementConformance(PostgreSqlRolesServer server) : ProbingConformance
{
    private protected override async Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) =>
        await PostgreSqlTableTarget.OpenAsync(server, SqlHash.Pbkdf2, withStatements: true, cancellationToken);
}
