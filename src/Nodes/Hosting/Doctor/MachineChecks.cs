using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Core.Settings;
using PasswordSync.Hosting.Certificates;

namespace PasswordSync.Hosting.Doctor;

/// <summary>What <c>doctor</c> looks at on any machine: rights of files, room on disks, certificates, clocks.</summary>
public static class MachineChecks
{
    /// <summary>Rights that a file with a secret must not give: anything to anybody but its owner.</summary>
    public const UnixFileMode ForOwnerAlone = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | ForOthersNothing;

    /// <summary>Rights that a file with a secret must not give whose group is the service's.</summary>
    public const UnixFileMode ForOthersNothing = UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Rights that a file with settings must not give.</summary>
    public const UnixFileMode ForOthersReading = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Clocks that differ by more are warned of.</summary>
    public static readonly TimeSpan ClockOffsetWarned = TimeSpan.FromSeconds(5);

    /// <summary>Clocks that differ by more are bad: Kerberos gives up there, too.</summary>
    public static readonly TimeSpan ClockOffsetBad = TimeSpan.FromMinutes(5);

    /// <summary>Less free room is bad, in bytes.</summary>
    public const long FreeBytesBad = 256L << 20;

    /// <summary>Less free room is warned of, in bytes.</summary>
    public const long FreeBytesWarned = 1L << 30;

    /// <summary>Whether a file or folder is there, can be read, and is nobody else's to read (or, for files that hold no secret, to write).</summary>
    /// <param name="what">What it is.</param>
    /// <param name="path">Where it is.</param>
    /// <param name="forbidden">The rights that nobody but owner and group may have.</param>
    /// <param name="missing">What to do if it is not there.</param>
    public static Finding Rights(string what, string path, UnixFileMode forbidden, string missing)
    {
        var isFolder = Directory.Exists(path);
        if (!isFolder && !File.Exists(path)) return Finding.Bad(what, $"{path} does not exist.", missing);
        try
        {
            if (isFolder) _ = Directory.GetFileSystemEntries(path, "*.none");
            else using (File.OpenRead(path)) { }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Finding.Bad(what, $"{path} cannot be read: {failure.Message}", "Let the service's account read it, and run doctor as that account.");
        }

        if (OperatingSystem.IsWindows()) return Finding.Good(what, $"{path} is there; its rights are those of its folder.");
        var mode = File.GetUnixFileMode(path);
        var tooMuch = mode & forbidden;
        return tooMuch == 0
            ? Finding.Good(what, $"{path} is there, mode {Octal(mode)}.")
            : Finding.Bad(what, $"{path} has mode {Octal(mode)}: others may have it.", $"chmod {Octal(mode & ~tooMuch)} {path}");
    }

    /// <summary>Whether the disk of a folder has room.</summary>
    public static Finding Room(string what, string folder)
    {
        try
        {
            var free = new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;
            var found = string.Create(CultureInfo.InvariantCulture, $"{free >> 20} MiB are free for {folder}.");
            return free < FreeBytesBad ? Finding.Bad(what, found, "Make room: without it nothing is accepted.") : free < FreeBytesWarned ? Finding.Warning(what, found, "Make room soon.") : Finding.Good(what, found);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Finding.NotChecked(what, $"The disk of {folder} does not tell its room: {failure.Message}");
        }
    }

    /// <summary>Whether a certificate is valid, and for how long.</summary>
    public static Finding Validity(string what, X509Certificate2 certificate, DateTimeOffset now, string remedy)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        var (from, to) = (CertificateTerm.BeginOf(certificate), CertificateTerm.EndOf(certificate));
        var found = string.Create(CultureInfo.InvariantCulture, $"'{certificate.Subject}' is valid until {to:yyyy-MM-dd}.");
        return now < from ? Finding.Bad(what, string.Create(CultureInfo.InvariantCulture, $"'{certificate.Subject}' is valid only from {from:yyyy-MM-dd HH:mm}Z."), "Set the clock right.")
            : now >= to ? Finding.Bad(what, string.Create(CultureInfo.InvariantCulture, $"'{certificate.Subject}' ended on {to:yyyy-MM-dd}."), remedy)
            : CertificateTerm.EndsSoon(certificate, now) ? Finding.Warning(what, found, remedy)
            : Finding.Good(what, found);
    }

    /// <summary>How far another machine's clock is off, by what it told of its time, cut to the second, in answer to a question; zero where that fits, since nobody knows when in between it was read.</summary>
    /// <param name="asked">Before the question, by this machine's clock.</param>
    /// <param name="theirs">What the other told.</param>
    /// <param name="answered">After the answer.</param>
    public static TimeSpan ClockOffset(DateTimeOffset asked, DateTimeOffset theirs, DateTimeOffset answered)
    {
        var end = theirs + TimeSpan.FromSeconds(1);
        return end < asked ? end - asked : theirs > answered ? theirs - answered : TimeSpan.Zero;
    }

    /// <summary>Whether another clock agrees.</summary>
    /// <param name="what">Whose.</param>
    /// <param name="offset">By how much it is ahead of this machine's.</param>
    public static Finding Clock(string what, TimeSpan offset)
    {
        var found = offset.Duration() < TimeSpan.FromSeconds(1.5) ? "It agrees with this machine's clock." : $"It is {DurationText.Format(TimeSpan.FromSeconds(Math.Round(offset.Duration().TotalSeconds)))} {(offset > TimeSpan.Zero ? "ahead of" : "behind")} this machine's.";
        const string remedy = "Let all machines take their time from the domain's time source (chrony, w32time).";
        return offset.Duration() > ClockOffsetBad ? Finding.Bad(what, found, remedy) : offset.Duration() > ClockOffsetWarned ? Finding.Warning(what, found, remedy) : Finding.Good(what, found);
    }

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');
}
