using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Probing;

namespace PasswordSync.Providers.LocalAccounts;

/// <summary>
/// Sets passwords of accounts that a Windows or Samba server keeps itself, over SMB (MS-SAMR). Servers show the time of the last change to the
/// second at best, and Samba no finer, so there is no mark: one sign-in tells where one can be made.
/// </summary>
public sealed class LocalAccountsProvider : IProvider
{
    private readonly LocalAccountsOptions options;
    private readonly ILocalAccountSystem system;

    public LocalAccountsProvider(LocalAccountsOptions options, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        this.options = options;
        system = OperatingSystem.IsWindows() ? new WindowsAccounts(options, context.Secrets) : new SambaAccounts(options, context.Secrets);
        Description = new ProviderDescription(
            LocalAccountsProviderFactory.KindName,
            new PasswordLimits(options.PasswordLengthMin, ServerPolicy.LengthMax, NeedsWellFormedText: false, AllowedCharacters: "all but NUL", HistoryLength: null),
            ShowsMark: false, CanProbeBySignIn: system.CanSignIn, ReportsWrittenStamp: false);
    }

    public ProviderDescription Description { get; }

    public async Task<Preparation> PrepareAsync(TargetQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (AccountOf(query) is not { } wanted) return NotFound($"The source's account has no {MatchRule.NameOf(options.Account)} (account).");
        if (wanted.Name.Contains('\0')) return NotFound("No account has a name with a NUL in it.");
        var (account, obstacle) = await system.FindAsync(wanted, cancellationToken);
        if (obstacle is DeliveryOutcome.AccountNotFound missing) return NotFound($"There is no account {wanted}. {missing.Reason}");
        return account is null ? new Preparation.Obstacle(obstacle!) : new Preparation.Found(new TargetAccount(account.ToString(), account.ToString(), AsSourceAccount: null), Mark: null);
    }

    public async Task<DeliveryOutcome> SetPasswordAsync(SetRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(password);
        if (PasswordRules.Check(password, Description.Limits) is { } refusal) return refusal;
        if (password.Reveal().Contains('\0')) return new DeliveryOutcome.RefusedByPolicy("The password holds a NUL, at which the server would end it.");
        return await system.SetAsync(AccountOf(request.Target), request, password, cancellationToken);
    }

    public async Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(password);
        return await ProbeProcedure.RunAsync(
            request.Kind,
            MarkComparison.Unknown,
            system.CanSignIn ? () => system.SignInAsync(AccountOf(request.Target), password, cancellationToken) : null,
            () => new ProbeVerdict.Present(Mark: null, WrittenStamp: null));
    }

    public Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken) => system.VerifyAsync(options.Host, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private LocalAccount? AccountOf(TargetQuery query)
    {
        if (query.Names.SamAccountName is { } login && options.Accounts.TryGetValue(login, out var exception)) return exception;
        return new MatchRule(options.Account, "").ValueOf(query) is { } name ? new LocalAccount(options.Host, name) : null;
    }

    private static LocalAccount AccountOf(TargetAccount target) => LocalAccount.Parse(target.Key) ?? throw new InvalidOperationException("Internal error: the account's key is not host\\account.");

    private static Preparation.Obstacle NotFound(string reason) => new(new DeliveryOutcome.AccountNotFound(reason));
}
