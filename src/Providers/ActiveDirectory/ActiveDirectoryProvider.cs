using Microsoft.Extensions.Logging;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Secrets;
using PasswordSync.Ldap;
using PasswordSync.Ldap.ActiveDirectory;
using PasswordSync.Providers.ActiveDirectory.Forests;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Probing;
using PasswordSync.Providers.Redaction;

namespace PasswordSync.Providers.ActiveDirectory;

/// <summary>
/// Resets passwords in an Active Directory domain, or in all domains of a forest (Windows or Samba). Accounts are kept by objectGUID; the mark of a password is the replication
/// metadata of <c>unicodePwd</c>.
/// </summary>
public sealed partial class ActiveDirectoryProvider : IProvider
{
    /// <summary>The longest password that Active Directory takes, in UTF-16 code units (MS-SAMR 3.1.1.7.2).</summary>
    private const int PasswordLengthMax = 256;

    private readonly ActiveDirectoryOptions options;
    private readonly ProviderContext context;
    private readonly IAccountDirectory directory;
    private readonly ILogger<ActiveDirectoryProvider> logger;

    public ActiveDirectoryProvider(ActiveDirectoryOptions options, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        this.options = options;
        this.context = context;
        directory = options.Forest is null ? new SingleDomain(options, context) : new Forest(options, context);
        logger = context.Loggers.CreateLogger<ActiveDirectoryProvider>();
        Description = new ProviderDescription(
            ActiveDirectoryProviderFactory.KindName,
            new PasswordLimits(LengthMin: 0, PasswordLengthMax, NeedsWellFormedText: false, AllowedCharacters: null, HistoryLength: null),
            ShowsMark: true, CanProbeBySignIn: options.Directory.Security != DirectorySecurity.Kerberos && options.DirectoryKind == DirectoryKind.Domain, ReportsWrittenStamp: options.Source is not null || options.Forest?.Sources.IsEmpty == false);
    }

    public ProviderDescription Description { get; }

    public async Task<Preparation> PrepareAsync(TargetQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        try
        {
            var (home, account, obstacle) = await directory.FindAsync(query, cancellationToken);
            if (home is null || account is null) return new Preparation.Obstacle(obstacle!);
            if (account.GetGuid(AccountLookup.ObjectGuid) is not { } id)
            {
                return new Preparation.Obstacle(new DeliveryOutcome.TargetMisconfigured($"The bind account may not read the objectGUID of {account.Dn}."));
            }

            AccountId? asSource = home.Source is { } source ? new AccountId(source, id) : null;
            var present = PasswordVersion.Of(account);
            return new Preparation.Found(new TargetAccount(id.ToString("D"), account.Dn, asSource), present?.ToMark())
            {
                PresentStamp = asSource is { } known ? present?.ToStamp(context.GenerationOf(known.Source)) : null,
            };
        }
        catch (LdapException e)
        {
            return new Preparation.Obstacle(ReadRefusals.Classify(e));
        }
    }

    public async Task<DeliveryOutcome> SetPasswordAsync(SetRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(password);
        if (PasswordRules.Check(password, Description.Limits) is { } tooLong) return tooLong;
        var (home, trouble) = await OpenAsync(request.Target, cancellationToken);
        if (home is null) return trouble!;
        PasswordVersion? before = null;
        if (home.Source is not null)
        {
            // Read on the DC that is written to: the baseline may come from another one, or another write may have come in between.
            var (version, obstacle) = await ReadVersionAsync(home.Connection, request.Target, cancellationToken);
            if (obstacle is not null) return obstacle;
            before = version;
        }

        if (await WriteAsync(home.Connection, request, password, cancellationToken) is { } failure) return failure;
        return await DescribeWriteAsync(home, request, before, cancellationToken);
    }

    public async Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(password);
        var (home, trouble) = await OpenAsync(request.Target, cancellationToken);
        if (home is null) return new ProbeVerdict.Inconclusive(trouble!.Explain()!);
        var connection = home.Connection;
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
                    ?? await home.Session.SignInAsync(connection, account.Dn, password, JudgeSignIn, cancellationToken),
                () => new ProbeVerdict.Present(now?.ToMark(), StampOfOurWrite(home, request.Kind, against, now)));
        }
        catch (LdapException e)
        {
            return new ProbeVerdict.Inconclusive(e.Message);
        }
    }

    public Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken) => directory.VerifyAsync(cancellationToken);

    public ValueTask DisposeAsync() => directory.DisposeAsync();

    private async Task<(AccountHome? Home, DeliveryOutcome? Obstacle)> OpenAsync(TargetAccount target, CancellationToken cancellationToken)
    {
        try
        {
            return await directory.OpenAsync(target.Key, cancellationToken);
        }
        catch (LdapException e)
        {
            return (null, ReadRefusals.Classify(e));
        }
    }

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
        if (request.Permit.Use(connection.Server.ToString()) is { } refusal) return refusal;
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
