using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Attention.Reference;

/// <summary>
/// Reorders rows by a permutation. Its gradient is the inverse permutation, a plain gather, where the built-in gradient of a
/// gather would scatter and add row by row.
/// </summary>
internal sealed class PermuteRows : autograd.SingleTensorFunction<PermuteRows>
{
    public override string Name => nameof(PermuteRows);

    /// <param name="rows">[rows, width]</param>
    /// <param name="permutation">[rows]: row i of the result is row permutation[i].</param>
    /// <param name="inverse">[rows]: the inverse of the permutation.</param>
    public static Tensor Apply(Tensor rows, Tensor permutation, Tensor inverse) => apply(rows, permutation, inverse);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        ctx.save_for_backward([(Tensor)vars[2]]);
        return ((Tensor)vars[0]).index_select(0, (Tensor)vars[1]);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) =>
        [grad_output.index_select(0, ctx.get_saved_variables()[0]), null!, null!];
}
