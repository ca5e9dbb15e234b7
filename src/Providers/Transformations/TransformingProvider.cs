using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;

namespace PasswordSync.Providers.Transformations;

/// <summary>Gives a target transformed passwords. The transformed password lives as long as one call, and is wiped after it.</summary>
public sealed class TransformingProvider(IProvider inner, TransformationPipeline pipeline) : IProvider
{
    /// <summary>Within the lengths that the transformations see to, the target's own do not matter.</summary>
    public ProviderDescription Description { get; } = inner.Description with
    {
        Limits = inner.Description.Limits with
        {
            LengthMin = pipeline.Lengths.Min >= inner.Description.Limits.LengthMin ? 0 : inner.Description.Limits.LengthMin,
            LengthMax = pipeline.Lengths.Max <= inner.Description.Limits.LengthMax ? TransformationPipeline.LengthMax : inner.Description.Limits.LengthMax,
        },
    };

    public Task<Preparation> PrepareAsync(TargetQuery query, CancellationToken cancellationToken) => inner.PrepareAsync(query, cancellationToken);

    public async Task<DeliveryOutcome> SetPasswordAsync(SetRequest request, Secret password, CancellationToken cancellationToken)
    {
        using var transformed = pipeline.Apply(password);
        return transformed is null
            ? new DeliveryOutcome.RefusedByPolicy("The point's transformations (transform) leave nothing of the password, or make it longer than 1,024 characters.")
            : await inner.SetPasswordAsync(request, transformed, cancellationToken);
    }

    public async Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken)
    {
        using var transformed = pipeline.Apply(password);
        return transformed is null ? new ProbeVerdict.Absent() : await inner.ProbeAsync(request, transformed, cancellationToken);
    }

    /// <summary>As the target's own, with a warning, and without its policies: they hold for passwords that nobody chose.</summary>
    public async Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken)
    {
        var report = await inner.VerifyAsync(cancellationToken);
        return new VerificationReport(report.Checks.Add(VerificationCheck.Warned(
            "transformations",
            $"Passwords are changed for this target, which makes them weaker and lets several passwords be one: {pipeline}.",
            "Remove transform as soon as the target takes passwords as they are.")));
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
