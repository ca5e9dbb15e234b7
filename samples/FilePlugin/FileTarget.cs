using System.Globalization;
using System.Security.Cryptography;
using PasswordSync.Providers.Abstractions;

namespace PasswordSync.FilePlugin;

/// <summary>
/// A sample: sets passwords in a text file with one line per account, <c>login:version:salt:hash</c> (PBKDF2 with HMAC-SHA-256, base64). The login is the
/// source's sAMAccountName; the version, which rises with every set, is the mark. Settings: <c>plugin:file</c>, the file's path.
/// </summary>
internal sealed class FileTarget(PluginSettings settings) : PasswordTarget
{
    private const int Iterations = 100_000;

    private readonly string file = settings.Text("file");

    public override TargetDescription Description { get; } = new() { LengthMin = 8, CanProbe = true };

    public override async Task<FindAnswer> FindAsync(SourceAccount account, CancellationToken cancellationToken)
    {
        try
        {
            var lines = await ReadAsync(cancellationToken);
            return lines.Where(line => line.Login.Equals(account.SamAccountName, StringComparison.OrdinalIgnoreCase)).ToList() switch
            {
                [var line] => FindAnswer.Found(new TargetAccount(line.Login, line.Login), line.Version),
                [] => FindAnswer.NotFound($"No line has the login '{account.SamAccountName}'."),
                var several => FindAnswer.NotFound($"ambiguous: {several.Count} lines have the login '{account.SamAccountName}'."),
            };
        }
        catch (IOException e)
        {
            return FindAnswer.Misconfigured($"{file} cannot be read ({e.GetType().Name}): check plugin:file.");
        }
    }

    public override async Task<WriteAnswer> SetPasswordAsync(PasswordChange change, SecretText password, CancellationToken cancellationToken)
    {
        var lines = await ReadAsync(cancellationToken);
        var index = lines.FindIndex(line => line.Login == change.Account.Key);
        if (index < 0) return WriteAnswer.NotFound($"The line of '{change.Account.Name}' is gone.");
        var salt = RandomNumberGenerator.GetBytes(16);
        lines[index] = lines[index] with
        {
            Version = (int.Parse(lines[index].Version, CultureInfo.InvariantCulture) + 1).ToString(CultureInfo.InvariantCulture),
            Salt = Convert.ToBase64String(salt),
            Hash = Convert.ToBase64String(Derive(password, salt)),
        };

        // Written beside and moved, so that a crash leaves either the old file or the new one.
        await File.WriteAllLinesAsync(file + ".new", lines.Select(line => line.ToString()), cancellationToken);
        File.Move(file + ".new", file, overwrite: true);
        return WriteAnswer.Delivered(lines[index].Version);
    }

    public override async Task<ProbeAnswer> ProbeAsync(ProbeQuestion question, SecretText password, CancellationToken cancellationToken)
    {
        var line = (await ReadAsync(cancellationToken)).Find(line => line.Login == question.Account.Key);
        if (line is null) return ProbeAnswer.CannotTell("The line is gone.");
        var isThere = CryptographicOperations.FixedTimeEquals(Derive(password, Convert.FromBase64String(line.Salt)), Convert.FromBase64String(line.Hash));
        return isThere ? ProbeAnswer.Present(line.Version) : ProbeAnswer.Absent();
    }

    public override Task<CheckAnswer> VerifyAsync(CancellationToken cancellationToken) => Task.FromResult(File.Exists(file)
        ? CheckAnswer.Good($"{file} is there.")
        : CheckAnswer.Bad($"{file} does not exist.", "Correct plugin:file, or make the file."));

    private static byte[] Derive(SecretText password, byte[] salt) => Rfc2898DeriveBytes.Pbkdf2(password.Reveal(), salt, Iterations, HashAlgorithmName.SHA256, 32);

    private async Task<List<Line>> ReadAsync(CancellationToken cancellationToken) =>
        [.. (await File.ReadAllLinesAsync(file, cancellationToken)).Select(text => text.Split(':')).Where(parts => parts.Length == 4).Select(parts => new Line(parts[0], parts[1], parts[2], parts[3]))];

    private sealed record Line(string Login, string Version, string Salt, string Hash)
    {
        public override string ToString() => $"{Login}:{Version}:{Salt}:{Hash}";
    }
}
