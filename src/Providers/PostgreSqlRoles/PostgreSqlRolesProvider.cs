using System.Globalization;
using Npgsql;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.PostgreSql;
using PasswordSync.Providers.PostgreSqlRoles.Scram;
using PasswordSync.Providers.Probing;

namespace PasswordSync.Providers.PostgreSqlRoles;

/// <summary>
/// Sets the passwords of a PostgreSQL server's login roles. Only the SCRAM verifier is sent, so that no log of the server can show a password. The mark is the version of the role's row,
/// where the service may read it; then a probe compares the verifier and signs nobody in.
/// </summary>
public sealed class PostgreSqlRolesProvider : IProvider
{
    private const int PasswordLengthMax = 256;

    private readonly PostgreSqlRolesOptions options;
    private readonly PostgreSqlConnector connector;

    public PostgreSqlRolesProvider(PostgreSqlRolesOptions options, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        this.options = options;
        connector = new PostgreSqlConnector(options.Server, context.Secrets);
        Description = new ProviderDescription(
            PostgreSqlRolesProviderFactory.KindName,
            new PasswordLimits(options.PasswordLengthMin, PasswordLengthMax, NeedsWellFormedText: true, AllowedCharacters: null, HistoryLength: 0),
            ShowsMark: true, CanProbeBySignIn: true, ReportsWrittenStamp: false);
    }

    public ProviderDescription Description { get; }

    public Task<Preparation> PrepareAsync(TargetQuery query, CancellationToken cancellationToken)
    {
        var name = new MatchRule(options.Account, "role").ValueOf(query);
        if (name is null || name.Contains('\0', StringComparison.Ordinal)) return Task.FromResult<Preparation>(NotFound($"The source's account has no {MatchRule.NameOf(options.Account)} that a role could be named after (account)."));
        if (options.RoleCase == RoleCase.Lower) name = name.ToLowerInvariant();
        return RunAsync<Preparation>(
            async connection =>
            {
                if (await RoleCatalog.FindAsync(connection, name, options.MemberOf, cancellationToken) is not { } role) return NotFound($"There is no role \"{name}\".");
                if (FaultOf(role) is { } fault) return NotFound(fault);
                var stored = await RoleCatalog.ReadPasswordAsync(connection, role.Id, cancellationToken);
                return new Preparation.Found(new TargetAccount(role.Id.ToString(CultureInfo.InvariantCulture), role.Name, AsSourceAccount: null), MarkOf(stored));
            },
            failure => new Preparation.Obstacle(failure),
            () => false,
            cancellationToken);
    }

    public Task<DeliveryOutcome> SetPasswordAsync(SetRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(password);
        if (PasswordRules.Check(password, Description.Limits) is { } refusal) return Task.FromResult<DeliveryOutcome>(refusal);
        if (password.Reveal().Contains('\0')) return Task.FromResult<DeliveryOutcome>(new DeliveryOutcome.RefusedByPolicy("The password holds the character NUL, which no client of PostgreSQL can send."));
        return RunAsync(
            async connection =>
            {
                var role = await RoleCatalog.FindAsync(connection, IdOf(request.Target), options.MemberOf, cancellationToken);
                if (role is null) return new DeliveryOutcome.AccountNotFound($"The role \"{request.Target.DisplayName}\" is gone.");
                if (FaultOf(role) is { } fault) return new DeliveryOutcome.AccountNotFound(fault);
                var verifier = ScramVerifier.Compute(password, options.Iterations);
                cancellationToken.ThrowIfCancellationRequested();
                if (request.Permit.Use() is { } late) return late;
                await RoleCatalog.SetAsync(connection, role.Name, verifier, cancellationToken);
                return new DeliveryOutcome.Delivered(await MarkAfterWriteAsync(connection, role.Id, verifier, cancellationToken), WrittenStamp: null);
            },
            failure => failure,
            () => request.Permit.IsUsed,
            cancellationToken);
    }

    public Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(password);
        return RunAsync(
            async connection =>
            {
                var id = IdOf(request.Target);
                if (await RoleCatalog.FindAsync(connection, id, options.MemberOf, cancellationToken) is not { } role) return new ProbeVerdict.Inconclusive("The role is gone.");
                var stored = await RoleCatalog.ReadPasswordAsync(connection, id, cancellationToken);
                var mark = MarkOf(stored);

                // A changed row says only that somebody changed the role, perhaps not its password: the verifier, or a log-in, tells.
                var comparison = request.Against is not null && request.Against == mark ? MarkComparison.Same : MarkComparison.Unknown;
                return await ProbeProcedure.RunAsync(
                    request.Kind, comparison, () => stored is null ? SignInAsync(role, password, cancellationToken) : Task.FromResult(Compare(stored, password)), () => new ProbeVerdict.Present(mark, null));
            },
            failure => new ProbeVerdict.Inconclusive(failure.Explain()!),
            () => false,
            cancellationToken);
    }

    public Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken) => RunAsync(
        async connection =>
        {
            var (isSuperuser, mayChangeRoles, mayReadPasswords, version) = await RoleCatalog.DescribeAsync(connection, cancellationToken);
            return new VerificationReport(
            [
                VerificationCheck.Passed("reachability", $"PostgreSQL {version} answers at {options.Server.Host}:{options.Server.Port}."),
                VerificationCheck.Passed("credentials", $"The service is signed in as \"{options.Server.BindName}\"."),
                await PostgreSqlPrimary.CheckAsync(connector, connection, cancellationToken),
                isSuperuser || mayChangeRoles
                    ? VerificationCheck.Passed("rights", isSuperuser ? "The service is a superuser: CREATEROLE would be enough." : "The service has CREATEROLE; from version 16 on it also needs ADMIN OPTION on each role.")
                    : VerificationCheck.Failed("rights", "The service may not change roles.", $"ALTER ROLE \"{options.Server.BindName}\" CREATEROLE; from version 16 on also GRANT \"role\" TO \"{options.Server.BindName}\" WITH ADMIN OPTION, INHERIT FALSE, SET FALSE."),
                mayReadPasswords
                    ? VerificationCheck.Passed("probe", "The service may read verifiers (pg_authid): a probe signs nobody in.")
                    : VerificationCheck.NotRun("probe", "The service may not read verifiers (pg_authid): a probe signs in once with the password.", null),
            ]);
        },
        failure => new VerificationReport([VerificationCheck.Failed("reachability", failure.Explain()!, "Check host, port, security, trustedRoots, bindName and bindPassword.")]),
        () => false,
        cancellationToken);

    public ValueTask DisposeAsync() => connector.DisposeAsync();

    private string? FaultOf(Role role)
    {
        if (!role.CanLogIn) return $"The role \"{role.Name}\" may not log in.";
        if (role.IsSuperuser && !options.Superusers) return $"The role \"{role.Name}\" is a superuser, which this sync point leaves alone (superusers).";
        return role.IsMember ? null : $"The role \"{role.Name}\" is not a member of \"{options.MemberOf}\" (memberOf).";
    }

    /// <summary>Reading the mark may fail without a doubt about the write.</summary>
    private static async Task<TargetMark?> MarkAfterWriteAsync(NpgsqlConnection connection, uint id, string verifier, CancellationToken cancellationToken)
    {
        try
        {
            // If somebody else wrote meanwhile, the mark is theirs and not ours.
            return await RoleCatalog.ReadPasswordAsync(connection, id, cancellationToken) is { } stored && stored.Verifier == verifier ? MarkOf(stored) : null;
        }
        catch (Exception e) when (PostgreSqlFailures.IsExpected(e) || e is OperationCanceledException)
        {
            return null;
        }
    }

    private static SignInResult Compare(StoredPassword stored, Secret password) => ScramVerifier.Matches(stored.Verifier, password) switch
    {
        true => new SignInResult.Accepted(),
        false => new SignInResult.WrongPassword(),
        null when stored.Verifier is null => new SignInResult.WrongPassword(),
        null => new SignInResult.Unclear("The server keeps this password in another form than SCRAM-SHA-256."),
    };

    private async Task<SignInResult> SignInAsync(Role role, Secret password, CancellationToken cancellationToken)
    {
        if (role.IsExpired) return new SignInResult.Unclear($"The password of \"{role.Name}\" was valid until {role.ValidUntil} only, so a log-in tells nothing.");
        if (!password.IsWellFormed || password.Reveal().Contains('\0')) return new SignInResult.WrongPassword();
        try
        {
            await connector.SignInAsync(role.Name, password, cancellationToken);
            return new SignInResult.Accepted();
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InvalidPassword)
        {
            return new SignInResult.WrongPassword();
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            // It may not connect to this database, which the server says after it has checked the password.
            return new SignInResult.Accepted();
        }
        catch (Exception e) when (PostgreSqlFailures.IsExpected(e))
        {
            return new SignInResult.Unclear(PostgreSqlFailures.Classify(e, mayHaveWritten: false, connector.LastCertificateFault, Classify).Explain()!);
        }
    }

    private async Task<TResult> RunAsync<TResult>(
        Func<NpgsqlConnection, Task<TResult>> work, Func<DeliveryOutcome, TResult> onFailure, Func<bool> mayHaveWritten, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await connector.OpenAsync(cancellationToken);
            return await work(connection);
        }
        catch (Exception e) when (PostgreSqlFailures.IsExpected(e))
        {
            cancellationToken.ThrowIfCancellationRequested();
            return onFailure(PostgreSqlFailures.Classify(e, mayHaveWritten(), connector.LastCertificateFault, Classify));
        }
    }

    internal static DeliveryOutcome? Classify(PostgresException answer, string reason) => answer.SqlState switch
    {
        PostgresErrorCodes.InsufficientPrivilege => new DeliveryOutcome.TargetMisconfigured($"{reason} The service needs CREATEROLE, and from version 16 on ADMIN OPTION on the role; superusers are set by superusers only."),
        PostgresErrorCodes.UndefinedObject => new DeliveryOutcome.AccountNotFound(reason),
        PostgresErrorCodes.InvalidParameterValue => new DeliveryOutcome.RefusedByPolicy(reason),
        _ => null,
    };

    private static Preparation.Obstacle NotFound(string reason) => new Preparation.Obstacle(new DeliveryOutcome.AccountNotFound(reason));

    private static uint IdOf(TargetAccount target) => uint.Parse(target.Key, CultureInfo.InvariantCulture);

    private static TargetMark? MarkOf(StoredPassword? stored) => stored is null ? null : new TargetMark(stored.Version);
}
