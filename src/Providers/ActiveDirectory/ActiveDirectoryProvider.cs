using Microsoft.Extensions.Logging;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Secrets;
using PasswordSync.Ldap;
using PasswordSync.Ldap.ActiveDirectory;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Probing;
using PasswordSync.Providers.Redaction;

namespace PasswordSync.Providers.ActiveDirectory;

/// <summary>
/// Resets passwords in an Active Directory domain (Windows or Samba). Accounts are kept by objectGUID; the mark of a password is the replication
/// metadata of <c>unicodePwd</c>.
/// </summary>
public sealed partial class ActiveDirectoryProvider : IProvider
{
    /// <summary>The longest password that Active Directory takes, in UTF-16 code units (MS-SAMR 3.1.1.7.2).</summary>
    private const int PasswordLengthMax = 256;

    private readonly ActiveDirectoryOptions options;
    private readonly ProviderContext context;
    private readonly DirectorySession session;
    private readonly ILogger<ActiveDirectoryProvider> logger;

    public ActiveDirectoryProvider(ActiveDirectoryOptions options, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        this.options = options;
        this.context = context;
        session = new DirectorySession(options.Directory, context.Secrets, context.Time);
        logger = context.Loggers.CreateLogger<ActiveDirectoryProvider>();
        Description = new ProviderDescription(
            ActiveDirectoryProviderFactory.KindName,
            new PasswordLimits(LengthMin: 0, PasswordLengthMax, NeedsWellFormedText: false, AllowedCharacters: null, HistoryLength: null),
            ShowsMark: true, CanProbeBySignIn: options.Directory.Security != DirectorySecurity.Kerberos && options.DirectoryKind == DirectoryKind.Domain, ReportsWrittenStamp: options.Source is not null);
    }

    public ProviderDescription Description { get; }

    public async Task<Preparation> PrepareAsync(TargetQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        var (connection, trouble) = await session.ConnectAsync(evenIfRefused: false, cancellationToken);
        if (connection is null) return new Preparation.Obstacle(trouble!);
        try
        {
            var baseDn = options.Base ?? (await DomainFacts.ReadAsync(connection, cancellationToken))?.DefaultNamingContext;
            if (baseDn is null) return new Preparation.Obstacle(new DeliveryOutcome.TargetMisconfigured($"{connection.Server} is not a domain controller."));
            var (account, obstacle) = await AccountSearch.RunAsync(
                options.Match, query, (rule, value) => AccountLookup.FindAsync(connection, options.DirectoryKind, baseDn, rule, value, cancellationToken));
            if (account is null) return new Preparation.Obstacle(obstacle!);
            if (account.GetGuid(AccountLookup.ObjectGuid) is not { } id)
            {
                return new Preparation.Obstacle(new DeliveryOutcome.TargetMisconfigured($"The bind account may not read the objectGUID of {account.Dn}."));
            }

            AccountId? asSource = options.Source is { } source ? new AccountId(source, id) : null;
            var present = PasswordVersion.Of(account);
            return new Preparation.Found(new TargetAccount(id.ToString("D"), account.Dn, asSource), present?.ToMark())
            {
                PresentStamp = asSource is { } known ? present?.ToStamp(context.GenerationOf(known.Source)) : null,
            };
        }
        catch (LdapException e)
        {
            return new Preparation.Obstacle(DirectoryFailures.OfReading(e));
        }
    }

    public async Task<DeliveryOutcome> SetPasswordAsync(SetRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(password);
        if (PasswordRules.Check(password, Description.Limits) is { } tooLong) return tooLong;
        var (connection, trouble) = await session.ConnectAsync(evenIfRefused: false, cancellationToken);
        if (connection is null) return trouble!;
        PasswordVersion? before = null;
        if (options.Source is not null)
        {
            // Read on the DC that is written to: the baseline may come from another one, or another write may have come in between.
            var (version, obstacle) = await ReadVersionAsync(connection, request.Target, cancellationToken);
            if (obstacle is not null) return obstacle;
            before = version;
        }

        if (await WriteAsync(connection, request, password, cancellationToken) is { } failure) return failure;
        return await DescribeWriteAsync(connection, request, before, cancellationToken);
    }

    public async Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(password);
        var (connection, trouble) = await session.ConnectAsync(evenIfRefused: false, cancellationToken);
        if (connection is null) return new ProbeVerdict.Inconclusive(trouble!.Explain()!);
        try
        {
            var account = await AccountLookup.ReadAsync(connection, request.Target.Key, [ReplicationMetadata.AttributeName, .. LockoutGuard.Attributes], cancellationToken);
            if (account is null) return new ProbeVerdict.Inconclusive($"The account {request.Target.DisplayName} is gone.");
            var now = PasswordVersion.Of(account);
            var against = PasswordVersion.FromMark(request.Against);
            var comparison = now is null || against is null ? MarkComparison.Unknown : now == against ? MarkComparison.Same : MarkComparison.Different;
            return await ProbeProcedure.RunAsync(
                request.Kind, comparison,
                async () => await FindObstacleAsync(connection, account, cancellationToken)
                    ?? await session.SignInAsync(connection, account.Dn, password, JudgeSignIn, cancellationToken),
                () => new ProbeVerdict.Present(now?.ToMark(), StampOfOurWrite(request.Kind, against, now)));
        }
        catch (LdapException e)
        {
            return new ProbeVerdict.Inconclusive(e.Message);
        }
    }

    public Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken) => ActiveDirectoryVerification.RunAsync(session, options, cancellationToken);

    public ValueTask DisposeAsync() => session.DisposeAsync();

    /// <summary>The lockout policy of AD LDS is that of its machine, or of the machine's domain, and cannot be read there.</summary>
    private async Task<SignInResult.Unclear?> FindObstacleAsync(LdapConnection connection, LdapEntry account, CancellationToken cancellationToken) =>
        options.DirectoryKind == DirectoryKind.AdLds
            ? new SignInResult.Unclear("Whether a sign-in could lock an account of AD LDS cannot be read there, so the password is not tried.")
            : await LockoutGuard.FindObstacleAsync(connection, account, cancellationToken);

    /// <returns>Null if the DC did it; else what to answer.</returns>
    private async Task<DeliveryOutcome?> WriteAsync(LdapConnection connection, SetRequest request, Secret password, CancellationToken cancellationToken)
    {
        using var value = new UnicodePwd(password);
        var changes = new List<LdapModification> { LdapModification.Replace(UnicodePwd.AttributeName, value.Value) };
        if (options.Unlock) changes.Add(LdapModification.Replace("lockoutTime", "0"));
        if (options.CarryMustChange && request.MustChangeAtNextLogon) changes.Add(LdapModification.Replace("pwdLastSet", "0"));
        if (request.Permit.Use() is { } refusal) return refusal;
        try
        {
            var modify = new LdapModifyRequest(AccountLookup.DnOf(request.Target.Key), changes) { Deadline = request.Permit.Deadline };
            await connection.ModifyAsync(modify, cancellationToken);
            return null;
        }
        catch (LdapException e) when (e.Kind == LdapErrorKind.Result)
        {
            var said = Redactor.Redact(e.Result!.DiagnosticMessage, password);
            var outcome = WriteRefusals.Classify(e, request.Target.DisplayName, said);
            if (outcome is DeliveryOutcome.TargetMisconfigured misconfigured && e.Result!.Code == LdapResultCode.InsufficientAccessRights)
            {
                return new DeliveryOutcome.TargetMisconfigured($"{misconfigured.Reason} {await ProtectedAccount.ExplainAsync(connection, request.Target.Key, cancellationToken)}".TrimEnd());
            }

            if (outcome is not DeliveryOutcome.RefusedByPolicy refused) return outcome;
            return new DeliveryOutcome.RefusedByPolicy($"{refused.Reason} {await PolicyExplanation.FindAsync(connection, request.Target.Key, password, cancellationToken)}".TrimEnd());
        }
        catch (LdapException e)
        {
            return DirectoryFailures.OfUnanswered(e);
        }
        catch (LdapRequestCanceledException e) when (e.RequestWasSent == LdapSent.No)
        {
            return new DeliveryOutcome.Transient("The attempt ended before the password was sent.");
        }
    }
}
