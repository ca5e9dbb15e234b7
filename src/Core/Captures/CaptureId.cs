namespace PasswordSync.Core.Captures;

/// <summary>The id of one observed password change: random, made where the change is captured, the same in every repeat.</summary>
public readonly record struct CaptureId(Guid Value)
{
    public override string ToString() => Value.ToString("N");
}
