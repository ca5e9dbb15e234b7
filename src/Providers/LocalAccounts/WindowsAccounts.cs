using System.Runtime.InteropServices;
using System.Security.Cryptography;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Probing;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.LocalAccounts;

/// <summary>Accounts of servers, reached from Windows by the system's own NetUser functions, which have no other time-out than the system's.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("windows")]
internal sealed class WindowsAccounts(LocalAccountsOptions options, ISecretReferences secrets) : ILocalAccountSystem
{
    private readonly WindowsIdentities identities = new(options, secrets);

    /// <summary>Windows keeps one identity per server and session, so no user can be tried beside the service.</summary>
    public bool CanSignIn => false;

    public async Task<(LocalAccount? Account, DeliveryOutcome? Obstacle)> FindAsync(LocalAccount account, CancellationToken cancellationToken)
    {
        var (code, fault) = await CallAsync(() => NetUser.Look(account), cancellationToken);
        if (fault is not null) return (null, fault);
        return code == WindowsFailures.Success ? (account, null) : (null, WindowsFailures.Classify(code, mayHaveWritten: false));
    }

    public async Task<DeliveryOutcome> SetAsync(LocalAccount account, SetRequest request, Secret password, CancellationToken cancellationToken)
    {
        var (identity, fault) = await identities.OpenAsync(cancellationToken);
        if (fault is not null) return fault;
        if (request.Permit.Use() is { } late)
        {
            identity?.Dispose();
            return late;
        }

        var text = GC.AllocateArray<char>(password.Length + 1, pinned: true);
        password.Reveal().CopyTo(text);
        var code = await RunAsync(identity, () => SetAndWipe(account, text), cancellationToken);
        return code == WindowsFailures.Success ? new DeliveryOutcome.Delivered(Mark: null, WrittenStamp: null) : WindowsFailures.Classify(code, mayHaveWritten: true);
    }

    public Task<SignInResult> SignInAsync(LocalAccount account, Secret password, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Internal error: Windows lets no user be tried.");

    public async Task<VerificationReport> VerifyAsync(string host, CancellationToken cancellationToken)
    {
        var rules = NetUserRules.None;
        var (code, fault) = await CallAsync(() => NetUser.ReadPolicy(host, out rules), cancellationToken);
        fault ??= code == WindowsFailures.Success ? null : WindowsFailures.Classify(code, mayHaveWritten: false);
        if (fault is not null) return new VerificationReport([VerificationCheck.Failed("reachability", fault.Explain()!, "Check host, bindName and bindPassword, and that the server lets SMB in.")]);
        return new VerificationReport(
            [
                VerificationCheck.Passed("reachability", $"{host} answers."),
                VerificationCheck.Passed("credentials", $"{options.BindName ?? "The node's own account"} may sign in."),
                VerificationCheck.Passed("policy", $"At least {rules.LengthMin} characters; history of {rules.HistoryLength}, which holds for users and not for the service."),
                VerificationCheck.NotRun("rights", "Windows tells the right to set passwords only when one is set.", null),
            ])
        {
            Policies = [ServerPolicy.Of(rules)],
        };
    }

    private async Task<(int Code, DeliveryOutcome? Fault)> CallAsync(Func<int> call, CancellationToken cancellationToken)
    {
        var (identity, fault) = await identities.OpenAsync(cancellationToken);
        return fault is null ? (await RunAsync(identity, call, cancellationToken), null) : (0, fault);
    }

    /// <summary>Makes a call that blocks on a thread of its own and does not wait for it longer than it may; it may go on then.</summary>
    private static Task<int> RunAsync(NetworkIdentity? identity, Func<int> call, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            using (identity) return identity is null ? call() : identity.Run(call);
        },
        CancellationToken.None).WaitAsync(cancellationToken);

    private static int SetAndWipe(LocalAccount account, char[] password)
    {
        try
        {
            return NetUser.SetPassword(account, password);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(password.AsSpan()));
        }
    }
}
