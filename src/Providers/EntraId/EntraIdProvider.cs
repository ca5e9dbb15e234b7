using System.Globalization;
using Microsoft.Graph.Models;
using Microsoft.Graph.Models.ODataErrors;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Limits;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Probing;
using PasswordSync.Providers.Redaction;

namespace PasswordSync.Providers.EntraId;

/// <summary>
/// Sets passwords of users of Entra ID (Microsoft 365) through Microsoft Graph, as an application. Users are kept by their id; the mark of a
/// password is <c>lastPasswordChangeDateTime</c>, which has whole seconds.
/// </summary>
public sealed class EntraIdProvider : IProvider
{
    /// <summary>How long a delivery waits for its turn in the quota; if it takes longer the whole point rests.</summary>
    private static readonly TimeSpan QuotaWaitMax = TimeSpan.FromSeconds(2);

    private readonly EntraIdOptions options;
    private readonly TimeProvider time;
    private readonly IWriteBudget budget;
    private readonly EntraCredential credential;
    private readonly GraphConnection graph;
    private readonly GraphUsers users;
    private readonly UnnamedPause pause;

    internal EntraIdProvider(EntraIdOptions options, ProviderContext context, IWriteBudget budget)
    {
        this.options = options;
        this.budget = budget;
        time = context.Time;
        pause = new UnnamedPause(time);
        credential = new EntraCredential(options, context.Secrets, time);
        graph = new GraphConnection(options, credential);
        users = new GraphUsers(graph);
    }

    public ProviderDescription Description { get; } = new(
        EntraIdProviderFactory.KindName,
        EntraPasswords.Limits,
        ShowsMark: true, CanProbeBySignIn: false, ReportsWrittenStamp: false);

    public async Task<Preparation> PrepareAsync(TargetQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        var (user, obstacle) = await AskAsync(() => AccountSearch.RunAsync(options.Match, query, (rule, value) => users.FindAsync(rule, value, cancellationToken)), permit: null, Redactor.Tidy);
        if ((obstacle ?? user.Obstacle) is { } failure) return new Preparation.Obstacle(failure);
        var found = user.Account!;
        if (found.UserType == "Guest")
        {
            return new Preparation.Obstacle(new DeliveryOutcome.AccountNotFound($"'{found.UserPrincipalName}' is a guest: the password lives in the guest's own tenant."));
        }

        return new Preparation.Found(new TargetAccount(found.Id!, found.UserPrincipalName ?? found.Id!, AsSourceAccount: null), MarkOf(found));
    }

    public async Task<DeliveryOutcome> SetPasswordAsync(SetRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(password);
        if (PasswordRules.Check(password, Description.Limits) is { } tooLong) return tooLong;
        if (EntraPasswords.Check(password) is { } refusal) return refusal;
        if (await TakeBudgetAsync(cancellationToken) is { } throttled) return throttled;
        var mustChange = options.CarryMustChange && request.MustChangeAtNextLogon;
        var (_, failure) = await AskAsync(
            async () =>
            {
                await graph.SetPasswordAsync(request.Target.Key, password, mustChange, request.Permit, cancellationToken);
                return true;
            },
            request.Permit,
            text => Redactor.Redact(text, password));
        if (failure is not null) return failure;
        pause.Reset();
        return new DeliveryOutcome.Delivered(await MarkAfterAsync(request, cancellationToken), WrittenStamp: null);
    }

    /// <summary>By the mark alone: Entra ID lets no application try a password.</summary>
    public async Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (user, obstacle) = await AskAsync(() => users.ReadAsync(request.Target.Key, cancellationToken), permit: null, text => Redactor.Redact(text, password));
        if (obstacle is not null) return new ProbeVerdict.Inconclusive(obstacle.Explain()!);
        var mark = MarkOf(user!);
        var comparison = request.Against is null || mark is null ? MarkComparison.Unknown : request.Against == mark ? MarkComparison.Same : MarkComparison.Different;
        return await ProbeProcedure.RunAsync(request.Kind, comparison, signIn: null, () => new ProbeVerdict.Present(mark, null));
    }

    public async Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken)
    {
        var (token, obstacle) = await credential.GetTokenAsync(cancellationToken);
        return await new EntraVerification(graph, options, (call, redact) => AskAsync(call, permit: null, redact)).RunAsync(token, obstacle, cancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        graph.Dispose();
        credential.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Takes a place in the quota just before the write, for what counts is when Graph sees it. Waits a little for one, so that a backlog flows.</summary>
    private async Task<DeliveryOutcome.Throttled?> TakeBudgetAsync(CancellationToken cancellationToken)
    {
        var since = time.GetTimestamp();
        while (await budget.TakeAsync(cancellationToken) is { } wait)
        {
            if (time.GetElapsedTime(since) + wait > QuotaWaitMax)
            {
                return new DeliveryOutcome.Throttled(time.GetUtcNow() + wait, string.Create(CultureInfo.InvariantCulture, $"The quota of {options.QuotaWrites} writes within {options.QuotaWindow.TotalSeconds:0} s (quotaWrites, quotaWindow) is used up."));
            }

            await Task.Delay(wait, time, cancellationToken);
        }

        return null;
    }

    /// <summary>Null where it cannot be told: also when the answer comes from a replica that has not seen the write yet.</summary>
    private async Task<TargetMark?> MarkAfterAsync(SetRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var (user, obstacle) = await AskAsync(() => users.ReadAsync(request.Target.Key, cancellationToken), permit: null, Redactor.Tidy);
            var mark = obstacle is null ? MarkOf(user!) : null;
            return mark == request.Baseline ? null : mark;
        }
        catch (OperationCanceledException)
        {
            // The password is set; that must not become an unknown outcome.
            return null;
        }
    }

    /// <summary>Makes a call, and turns its expected failures into what they mean.</summary>
    private async Task<(TResult? Result, DeliveryOutcome? Obstacle)> AskAsync<TResult>(Func<Task<TResult>> call, WritePermit? permit, Func<string, string> redact)
    {
        try
        {
            return (await call(), null);
        }
        catch (ODataError error)
        {
            return (default, GraphFailures.Classify(error, permit, time.GetUtcNow(), () => permit is null ? pause.AfterRead() : pause.AfterWrite(), redact));
        }
        catch (Exception e) when (graph.Explain(e, permit) is { } outcome)
        {
            return (default, outcome);
        }
    }

    private static TargetMark? MarkOf(User user) =>
        user.LastPasswordChangeDateTime is { } changed ? new TargetMark(changed.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)) : null;
}
