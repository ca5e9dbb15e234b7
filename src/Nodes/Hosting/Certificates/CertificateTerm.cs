using System.Security.Cryptography.X509Certificates;

namespace PasswordSync.Hosting.Certificates;

/// <summary>When certificates in use are renewed, and when people are told that one ends.</summary>
public static class CertificateTerm
{
    /// <summary>How often the certificates in use are looked at, unless a renewal failed.</summary>
    public static readonly TimeSpan CheckInterval = TimeSpan.FromDays(1);

    /// <summary>How soon a renewal that failed is tried again; each further failure in a row doubles it, up to <see cref="CheckInterval"/>.</summary>
    public static readonly TimeSpan RetryMin = TimeSpan.FromMinutes(15);

    /// <summary>How long before its end people are warned of a certificate that does not renew itself; after that, at each look.</summary>
    public static readonly TimeSpan WarnBefore = TimeSpan.FromDays(30);

    /// <summary>The part of its life after which a certificate is renewed by whoever can sign it: a third of the time is left for what may go wrong.</summary>
    public const double RenewedAfterPart = 2.0 / 3;

    /// <summary>What a node signs without an administrator counts as signed so long ago. A revocation that another node has just begun, or that bears the time of a clock that is behind, covers it too.</summary>
    public static readonly TimeSpan DatedBack = TimeSpan.FromMinutes(5);

    /// <summary>When a certificate begins to be valid.</summary>
    public static DateTimeOffset BeginOf(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return new DateTimeOffset(certificate.NotBefore.ToUniversalTime(), TimeSpan.Zero);
    }

    /// <summary>When a certificate ends.</summary>
    public static DateTimeOffset EndOf(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return new DateTimeOffset(certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero);
    }

    /// <summary>When the certificates are looked at again.</summary>
    /// <param name="failures">How many looks in a row, up to now, could not do what they were to do.</param>
    public static TimeSpan NextLook(int failures)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(failures);
        if (failures == 0) return CheckInterval;
        var pause = RetryMin;
        for (var further = 1; further < failures && pause < CheckInterval; further++) pause *= 2;
        return pause < CheckInterval ? pause : CheckInterval;
    }

    /// <summary>Whether people are to be told that it ends.</summary>
    public static bool EndsSoon(X509Certificate2 certificate, DateTimeOffset now) => EndOf(certificate) - now < WarnBefore;

    /// <summary>Whether it is time for the next one.</summary>
    public static bool IsRenewalDue(X509Certificate2 certificate, DateTimeOffset now)
    {
        var begin = BeginOf(certificate);
        return now - begin >= (EndOf(certificate) - begin) * RenewedAfterPart;
    }
}

/// <summary>A certificate in use that ends soon.</summary>
/// <param name="What">Which, for people.</param>
/// <param name="Ends">When.</param>
/// <param name="Remedy">What to do.</param>
public sealed record EndingCertificate(string What, DateTimeOffset Ends, string Remedy)
{
    /// <summary>One sentence: what ends when, in how many days, and what to do.</summary>
    public string Sentence(DateTimeOffset now) => Ends > now
        ? $"{What} ends at {Ends.UtcDateTime:u}, in {Math.Floor((Ends - now).TotalDays)} days: {Remedy}"
        : $"{What} ended at {Ends.UtcDateTime:u}, and nobody accepts it any more: {Remedy}";
}
