using PasswordSync.Providers.Tests.Conformance;
using Xunit;

[assembly: AssemblyFixture(typeof(PasswordSync.Providers.Tests.PostgreSqlRoles.PostgreSqlRolesServer))]

namespace PasswordSync.Providers.Tests.PostgreSqlRoles;

/// <summary>With a service that may read verifiers, and so sees marks.</summary>
public sealed class PostgreSqlRolesConformance(PostgreSqlRolesServer server) : ProbingConformance
{
    private protected override Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) => Task.FromResult<ConformanceTarget>(new PostgreSqlRolesTarget(server, readsVerifiers: true));
}

/// <summary>With a service that has CREATEROLE and nothing more.</summary>
public sealed class PostgreSqlRolesNetworkConformance(PostgreSqlRolesServer server) : TlsConformance
{
    private protected override Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) => Task.FromResult<ConformanceTarget>(new PostgreSqlRolesTarget(server, readsVerifiers: false));
}

public sealed class PostgreSqlRolesSettingConformance(PostgreSqlRolesServer server) : SettingConformance
{
    private protected override Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) => Task.FromResult<ConformanceTarget>(new PostgreSqlRolesTarget(server, readsVerifiers: false));
}
