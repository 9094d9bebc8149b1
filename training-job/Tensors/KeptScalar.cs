using TorchSharp;

namespace CtSeg.TrainingJob.Tensors;

/// <summary>
/// Numbers for torch, alive for as long as torch reads them. TorchSharp hands the address of a <see cref="Scalar"/> to native code and keeps nothing that
/// holds the object, whose finaliser frees what lies there: in `tensor.mul_(2)` a garbage collection that another thread causes can free the number while
/// it is read. So write `tensor.mul_(Kept(2))`, and where TorchSharp would itself make a number, the call that takes one: `left.add(right, alpha: One)`.
/// </summary>
internal static class KeptScalar
{
    // A native call reads three numbers at the most, all of them made by its own thread just before it, and returns before that thread makes others.
    private const int KeptByThread = 64;

    /// <summary>One as a whole number: torch's own factor of what is added.</summary>
    public static readonly Scalar One = 1;

    [ThreadStatic]
    private static Scalar?[]? _kept;

    [ThreadStatic]
    private static int _next;

    /// <returns>The number as torch's own conversion makes it; kept until this thread has made 64 others.</returns>
    public static Scalar Kept(int value) => Keep(value);

    /// <inheritdoc cref="Kept(int)"/>
    public static Scalar Kept(long value) => Keep(value);

    /// <inheritdoc cref="Kept(int)"/>
    public static Scalar Kept(float value) => Keep(value);

    /// <inheritdoc cref="Kept(int)"/>
    public static Scalar Kept(double value) => Keep(value);

    /// <inheritdoc cref="Kept(int)"/>
    public static Scalar Kept(bool value) => Keep(value);

    private static Scalar Keep(Scalar scalar)
    {
        var kept = _kept ??= new Scalar?[KeptByThread];
        kept[_next] = scalar;
        _next = (_next + 1) % KeptByThread;
        return scalar;
    }
}
