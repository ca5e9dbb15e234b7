using System.Net;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.PostgreSql;
using PasswordSync.Providers.Sql;
using PasswordSync.Providers.Tests.PostgreSqlRoles;
using PasswordSync.Providers.Tests.Sql;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.PostgreSql;

/// <summary>A server may let the service in, show it everything, plan its statements, and take no change from it.</summary>
public sealed class ServersThatTakeNoChangesTests(PostgreSqlRolesServer server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_standby_fails_the_verification_of_both_providers()
    {
        await using var table = await PostgreSqlTableTarget.OpenAsync(server, SqlHash.Sha512Crypt, withStatements: false, Token);
        await using var roles = new PostgreSqlRolesTarget(server, readsVerifiers: false);
        await using var standby = await server.Server.StartStandbyAsync("of_verifications", Token);
        var there = new IPEndPoint(IPAddress.Loopback, standby.Port);
        await using var tableThere = table.At(there, Any.LongTime);
        await using var rolesThere = roles.At(there);

        foreach (var provider in (IProvider[])[table.Provider, roles.Provider]) (await provider.VerifyAsync(Token)).IsGood.ShouldBeTrue();
        foreach (var provider in (IProvider[])[tableThere, rolesThere])
        {
            var report = await provider.VerifyAsync(Token);
            report.Checks.Single(check => check.Result == VerificationResult.Failed).ShouldBe(
                VerificationCheck.Failed("primary", "This server is a standby and takes no changes.", "Name the primary in host."), report.ToString());
        }
    }

    [Fact]
    public async Task Transactions_that_may_only_read_fail_the_verification_of_both_providers_until_they_may_write()
    {
        var role = $"reader_{Guid.NewGuid():N}"[..20];

        // A member of the service's role, so that no right has to be granted while other tests run.
        await server.Server.RunSqlAsync($"CREATE ROLE {role} LOGIN CREATEROLE PASSWORD 'reader password' IN ROLE sync; ALTER ROLE {role} SET default_transaction_read_only = on", Token);
        await using var table = await PostgreSqlTableTarget.OpenAsync(server, SqlHash.Sha512Crypt, withStatements: false, Token);
        await using var roles = new PostgreSqlRolesTarget(server, readsVerifiers: false);
        using var folder = new ScratchFolder();
        var password = "file:" + folder.Write("reader", "reader password");
        PostgreSqlServerOptions As(PostgreSqlServerOptions options) => options with { BindName = role, BindPassword = password };
        await using var tableReader = PostgreSqlTableTarget.Make(table.Options with { Server = As(table.Options.Server!) });
        await using var rolesReader = PostgreSqlRolesTarget.Make(roles.Options with { Server = As(roles.Options.Server) });

        foreach (var provider in (IProvider[])[tableReader, rolesReader])
        {
            var fault = (await provider.VerifyAsync(Token)).Checks.Single(check => check.Result == VerificationResult.Failed);
            fault.Name.ShouldBe("primary");
            fault.Finding.ShouldContain("default_transaction_read_only is on (set by: user)");
        }

        // The connections that were used just now are kept, and would go on as they began.
        await server.Server.RunSqlAsync($"ALTER ROLE {role} RESET default_transaction_read_only", Token);
        foreach (var provider in (IProvider[])[tableReader, rolesReader]) (await provider.VerifyAsync(Token)).IsGood.ShouldBeTrue();
    }
}
