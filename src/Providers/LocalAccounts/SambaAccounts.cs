using System.Collections.Immutable;
using System.ComponentModel;
using System.Text.Json;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Probing;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.LocalAccounts;

/// <summary>Accounts of servers, reached from Linux by way of Samba's own library: one process for each question.</summary>
internal sealed class SambaAccounts(LocalAccountsOptions options, ISecretReferences secrets) : ILocalAccountSystem
{
    private const string Remedy = "Install python3-samba (Debian, Ubuntu) or python3-samba with samba-common-libs (Fedora, RHEL) on this node.";

    public bool CanSignIn => true;

    public Task<(LocalAccount? Account, DeliveryOutcome? Obstacle)> FindAsync(LocalAccount account, CancellationToken cancellationToken) => RunAsync<(LocalAccount?, DeliveryOutcome?)>(
        "find", account, mustChange: false,
        (_, answer) => Task.FromResult<(LocalAccount?, DeliveryOutcome?)>((account with { Name = answer.Name ?? account.Name }, null)),
        failure => (null, failure),
        cancellationToken);

    public async Task<DeliveryOutcome> SetAsync(LocalAccount account, SetRequest request, Secret password, CancellationToken cancellationToken)
    {
        return await RunAsync(
            "set", account, request.MustChangeAtNextLogon,
            async (session, ready) =>
            {
                // Samba does not hold resets against its own rule.
                if (password.Length < ready.LengthMin) return new DeliveryOutcome.RefusedByPolicy($"The password is shorter than the {ready.LengthMin} characters that the server's policy asks for.");
                if (request.Permit.Use() is { } late) return late;
                return await FinishAsync(session, password, cancellationToken) switch
                {
                    { Kind: "done" } => new DeliveryOutcome.Delivered(Mark: null, WrittenStamp: null),

                    // Samba says "wrong password" to what it cannot read.
                    { Kind: "failed" } failed when !password.IsWellFormed && SambaFailures.IsWrongPassword(failed.Status) => new DeliveryOutcome.RefusedByPolicy("The password holds half of a surrogate pair, which this server does not take."),
                    { Kind: "failed" } failed => SambaFailures.Classify(failed.Status, failed.Text, mayHaveWritten: true),
                    _ => new DeliveryOutcome.Unknown("Samba's library ended without an answer after the password may have been sent."),
                };
            },
            failure => failure,
            cancellationToken);
    }

    public Task<SignInResult> SignInAsync(LocalAccount account, Secret password, CancellationToken cancellationToken)
    {
        if (!password.IsWellFormed || password.Reveal().Contains('\0')) return Task.FromResult<SignInResult>(new SignInResult.Unclear("Such a password cannot be tried."));
        return RunAsync<SignInResult>(
            "signIn", account, mustChange: false,
            async (session, ready) => ready.Kind == "untried" ? new SignInResult.Unclear(ready.Text) : await FinishAsync(session, password, cancellationToken) switch
            {
                { Kind: "done" } => new SignInResult.Accepted(),
                { Kind: "failed" } failed when SambaFailures.IsRightPassword(failed.Status) => new SignInResult.Accepted(),
                { Kind: "failed" } failed when SambaFailures.IsWrongPassword(failed.Status) => new SignInResult.WrongPassword(),
                { } other => new SignInResult.Unclear(other.Text),
                null => new SignInResult.Unclear("Samba's library ended without an answer."),
            },
            failure => new SignInResult.Unclear(failure.Explain()!),
            cancellationToken);
    }

    public Task<VerificationReport> VerifyAsync(string host, CancellationToken cancellationToken) => RunAsync(
        "verify", new LocalAccount(host, ""), mustChange: false,
        async (session, found) => new VerificationReport(
        [
            VerificationCheck.Passed("reachability", $"{found.Domain} answers at {host}."),
            VerificationCheck.Passed("credentials", $"{options.BindName} may sign in; {found.Users} accounts are listed."),
            VerificationCheck.Passed("policy", $"At least {found.LengthMin} characters, {(found.IsComplex ? "of several kinds" : "of any kind")}; history of {found.History}, which holds for users and not for the service."),
            await session.ReceiveAsync(cancellationToken) switch
            {
                { Kind: "done" } => VerificationCheck.Passed("rights", "The service may set the passwords of other accounts."),
                { Kind: "untried" } untried => VerificationCheck.NotRun("rights", untried.Text, null),
                var refused => VerificationCheck.Failed("rights", $"The service may not set passwords: {refused?.Text}", "Make it a member of the server's Administrators; on Samba grant SeAddUsersPrivilege (net sam rights grant)."),
            },
        ])
        {
            Policies = [ServerPolicy.Of(found)],
        },
        failure => new VerificationReport([VerificationCheck.Failed("reachability", failure.Explain()!, "Check host, port, bindName and bindPassword, and that the server lets SMB in.")]),
        cancellationToken);

    private static async Task<SambaAnswer?> FinishAsync(SambaSession session, Secret password, CancellationToken cancellationToken)
    {
        try
        {
            await session.SendAsync(
                writer =>
                {
                    writer.WriteStartObject();
                    writer.WritePropertyName("password");
                },
                password, "}", cancellationToken);
        }
        catch (IOException)
        {
            // It ended meanwhile: reading says so, too.
        }

        return await session.ReceiveAsync(cancellationToken);
    }

    /// <summary>Starts a session, asks, and hands over the first answer unless it is a failure.</summary>
    private async Task<TResult> RunAsync<TResult>(
        string operation, LocalAccount account, bool mustChange, Func<SambaSession, SambaAnswer, Task<TResult>> onAnswer, Func<DeliveryOutcome, TResult> onFailure, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        switch (await secrets.ResolveAsync(options.BindPassword!, cancellationToken))
        {
            case SecretResolution.Refused refused:
                return onFailure(new DeliveryOutcome.TargetMisconfigured(refused.Reason));
            case SecretResolution.Resolved { Secret: var service }:
                using (service) return await RunAsync(writer => WriteRequest(writer, operation, account, mustChange), service, onAnswer, onFailure, cancellationToken);
            case var other:
                throw new InvalidOperationException($"Internal error: unknown resolution {other.GetType().Name}.");
        }
    }

    private static async Task<TResult> RunAsync<TResult>(
        Action<Utf8JsonWriter> request, Secret service, Func<SambaSession, SambaAnswer, Task<TResult>> onAnswer, Func<DeliveryOutcome, TResult> onFailure, CancellationToken cancellationToken)
    {
        SambaSession session;
        try
        {
            session = SambaSession.Start();
        }
        catch (Win32Exception e)
        {
            return onFailure(new DeliveryOutcome.TargetMisconfigured($"{SambaSession.Interpreter} cannot be started: {e.Message}. {Remedy}"));
        }

        using (session)
        {
            try
            {
                await session.SendAsync(request, service, "}}", cancellationToken);
            }
            catch (IOException)
            {
                // It ended at once: reading says why.
            }

            return await session.ReceiveAsync(cancellationToken) switch
            {
                null => onFailure(new DeliveryOutcome.Transient($"Samba's library ended without an answer: {await session.DiagnoseAsync()}")),
                { Kind: "missing" } missing => onFailure(new DeliveryOutcome.TargetMisconfigured($"Samba's library for Python is missing ({missing.Text}). {Remedy}")),
                { Kind: "failed" } failed => onFailure(SambaFailures.Classify(failed.Status, failed.Text, mayHaveWritten: false)),
                var answer => await onAnswer(session, answer),
            };
        }
    }

    private void WriteRequest(Utf8JsonWriter writer, string operation, LocalAccount account, bool mustChange)
    {
        var (domain, name) = options.BindName!.Split('\\', 2) is [var before, var after] ? (before, after) : ("", options.BindName);
        writer.WriteStartObject();
        writer.WriteString("operation", operation);
        writer.WriteString("host", account.Host);
        writer.WriteNumber("port", options.Port);
        writer.WriteBoolean("encrypt", options.Encrypt);
        writer.WriteString("account", account.Name);
        writer.WriteBoolean("mustChange", mustChange);
        writer.WriteStartObject("service");
        writer.WriteString("name", name);
        writer.WriteString("domain", domain);
        writer.WritePropertyName("password");
    }
}
