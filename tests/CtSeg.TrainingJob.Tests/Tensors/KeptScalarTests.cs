using System.Runtime.CompilerServices;
using TorchSharp;
using static CtSeg.TrainingJob.Tensors.KeptScalar;

namespace CtSeg.TrainingJob.Tests.Tensors;

[Collection(TorchCollection.Name)]
public sealed class KeptScalarTests
{
    [Fact]
    public void Given_NumbersOfEveryKind_When_Kept_Then_TheyAreWhatTorchsConversionMakes()
    {
        (Scalar Kept, Scalar Converted)[] numbers =
            [(Kept(3), 3), (Kept(1L << 53), 1L << 53), (Kept(0.1f), 0.1f), (Kept(0.1), 0.1), (Kept(true), true), (One, 1)];
        foreach (var (kept, converted) in numbers)
        {
            kept.Type.ShouldBe(converted.Type);
            kept.ToDouble().ShouldBe(converted.ToDouble());
        }
        GC.KeepAlive(numbers);
    }

    [Fact]
    public void Given_AKeptNumber_When_TheThreadHasMade64Others_Then_ItMayGoAndNotBefore()
    {
        var number = Make();
        Make(63);
        Collect();
        number.IsAlive.ShouldBeTrue();
        Make(1);
        Collect();
        number.IsAlive.ShouldBeFalse();
    }

    [Fact]
    public void Given_AKeptNumber_When_AnotherThreadMakesMany_Then_ItLives()
    {
        var number = Make();
        var other = new Thread(() => Make(1000));
        other.Start();
        other.Join();
        Collect();
        number.IsAlive.ShouldBeTrue();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Make() => new(Kept(5));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Make(int count)
    {
        for (var made = 0; made < count; made++)
            Kept(made);
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }
}
