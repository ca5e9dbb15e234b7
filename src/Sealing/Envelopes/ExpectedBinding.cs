namespace PasswordSync.Sealing.Envelopes;

/// <summary>What an envelope must be bound to, from what the reader knows otherwise: the edge's certificate, the row it read.</summary>
/// <param name="Cluster">The cluster's name.</param>
/// <param name="Source">The source's name.</param>
/// <param name="DomainController">The DC's DNS host name in lower case; null where the reader does not know it: then it is not compared.</param>
/// <param name="CaptureId">The id of the capture; null where the reader does not know it: then it is not compared.</param>
public sealed record ExpectedBinding(string Cluster, string Source, string? DomainController, Guid? CaptureId)
{
    /// <summary>Compares by ordinal value; null if all is as expected, else a refusal <c>wrong-binding</c> that names the first difference.</summary>
    public EnvelopeRefusal? Check(EnvelopeDescription description)
    {
        ArgumentNullException.ThrowIfNull(description);
        if (description.Cluster != Cluster) return Wrong("cluster", description.Cluster, Cluster);
        if (description.Source != Source) return Wrong("source", description.Source, Source);
        if (DomainController is not null && description.DomainController != DomainController) return Wrong("DC", description.DomainController, DomainController);
        if (CaptureId is not null && description.CaptureId != CaptureId) return Wrong("capture", $"{description.CaptureId:N}", $"{CaptureId:N}");
        return null;
    }

    private static EnvelopeRefusal Wrong(string field, string found, string expected) =>
        new(EnvelopeRefusalReason.WrongBinding, $"The envelope is bound to {field} '{found}'; expected is '{expected}'.");
}
