#include "support/far_device.hpp"

#include <ATen/Functions.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/set_native.h>
#include <ATen/ops/unfold_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/impl/FakeGuardImpl.h>
#include <c10/util/Optional.h>
#include <torch/library.h>
#include <torch/version.h>

#if TORCH_VERSION_MAJOR > 1
#include <ATen/detail/PrivateUse1HooksInterface.h>
#endif

#include <array>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "ops/cuda/recorded.hpp"

namespace strffit::test {
namespace {

using FarGuard = c10::impl::FakeGuardImpl<kFar>;
C10_REGISTER_GUARD_IMPL(PrivateUse1, FarGuard);

FarTransfers transfers;

// Operations recorded so far, in order; null if nothing is recorded. Backward passes run on another
// thread while the calling thread waits.
std::vector<std::function<void()>>* tape = nullptr;

void keep(std::function<void()> operation) {
  if (tape) tape->push_back(std::move(operation));
}

void wait(std::int64_t& number) {
  if (tape) throw std::runtime_error("the far device is waited for while work is recorded");
  ++number;
}

class FarRecording : public ops::Recording {
 public:
  explicit FarRecording(const std::function<void()>& work) {
    tape = &operations_;
    try {
      work();
    } catch (...) {
      tape = nullptr;
      throw;
    }
    tape = nullptr;
  }
  void replay() override {
    for (const auto& operation : operations_) operation();
  }

 private:
  std::vector<std::function<void()>> operations_;
};

#if TORCH_VERSION_MAJOR > 1
struct FarHooks : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(at::DeviceIndex) const override { return true; }
};
#endif

const bool ready = [] {
#if TORCH_VERSION_MAJOR > 1
  // Newer LibTorch asks one accelerator for streams: this one, not a GPU that may be absent.
  static FarHooks hooks;
  at::RegisterPrivateUse1HooksInterface(&hooks);
  c10::register_privateuse1_backend(kFarName);
#endif
  ops::set_recorder(kFar,
                    {[](const std::function<void()>& work) -> std::unique_ptr<ops::Recording> {
                       return std::make_unique<FarRecording>(work);
                     },
                     [](std::function<void()> operation) {
                       operation();
                       keep(std::move(operation));
                     }});
  return true;
}();

bool is_far(const at::Tensor& tensor) { return tensor.device().type() == kFar; }

// The same numbers as a tensor of the CPU.
at::Tensor near(const at::Tensor& far) {
  return at::from_blob(
      far.data_ptr(), far.sizes(), far.strides(), [far](void*) {},
      far.options().device(at::kCPU).requires_grad(false));
}

// A tensor of the far device from one of the CPU that does not share its storage.
at::Tensor far(const at::Tensor& near) {
  keep([near] {});  // keeps the memory of recorded work
  c10::DataPtr data(
      near.storage().data_ptr().get(), new at::Tensor(near),
      [](void* owner) { delete static_cast<at::Tensor*>(owner); }, c10::Device(kFar, 0));
  c10::Storage storage(c10::Storage::use_byte_size_t(), near.storage().nbytes(), std::move(data));
  auto result = at::detail::make_tensor<c10::TensorImpl>(
      std::move(storage), c10::DispatchKeySet(c10::DispatchKey::PrivateUse1), near.dtype());
  result.unsafeGetTensorImpl()->set_sizes_and_strides(near.sizes(), near.strides());
  result.unsafeGetTensorImpl()->set_storage_offset(near.storage_offset());
  return result;
}

void become(const at::Tensor& target, const at::Tensor& other) {
  auto* to = target.unsafeGetTensorImpl();
  to->set_storage_keep_dtype(other.storage());
  to->set_sizes_and_strides(other.sizes(), other.strides());
  to->set_storage_offset(other.storage_offset());
}

[[noreturn]] void refuse(const c10::OperatorHandle& op, const std::string& why) {
  throw std::runtime_error(c10::toString(op.schema()) + " on the far device: " + why);
}

// Copies the results of a replay into the tensors of the first run.
void renew(const c10::IValue& first, const c10::IValue& again) {
  if (first.isTensorList()) {
    const auto from = again.toTensorVector();
    const auto to = first.toTensorVector();
    for (std::size_t i = 0; i < to.size(); ++i) renew(to[i], from[i]);
  } else if (first.toTensor().defined()) {
    first.toTensor().copy_(again.toTensor());
  }
}

// Runs any operation without its own function below on the CPU.
void by_cpu(const c10::OperatorHandle& op, c10::DispatchKeySet, torch::jit::Stack* stack) {
  const auto& schema = op.schema();
  const auto first = stack->size() - schema.arguments().size();
  std::vector<c10::IValue> given(stack->begin() + static_cast<std::ptrdiff_t>(first), stack->end());
  const auto nearer = [&](const at::Tensor& tensor) {
    if (!tensor.defined()) return tensor;
    if (is_far(tensor))
      return tensor.numel() > 0 ? near(tensor)
                                : at::empty(tensor.sizes(), tensor.options().device(at::kCPU));
    if (tensor.dim() > 0) refuse(op, "a tensor of the CPU among its own");
    return tensor;
  };
  for (std::size_t i = 0; i < given.size(); ++i) {
    auto& value = (*stack)[first + i];
    if (value.isTensor()) {
      value = nearer(value.toTensor());
    } else if (value.isTensorList()) {
      c10::List<at::Tensor> list;
      for (const at::Tensor& tensor : value.toTensorVector()) list.push_back(nearer(tensor));
      value = list;
    } else if (value.isOptionalTensorList()) {
      refuse(op, "indices");
    } else if (value.isDevice()) {
      value = c10::Device(at::kCPU);
    }
  }
  const std::vector<c10::IValue> arguments(stack->begin() + static_cast<std::ptrdiff_t>(first),
                                           stack->end());
  op.callBoxed(stack);
  const auto results = schema.returns().size(), from = stack->size() - results;
  const std::vector<c10::IValue> found(stack->begin() + static_cast<std::ptrdiff_t>(from),
                                       stack->end());
  keep([op, arguments, found] {
    auto again = arguments;
    op.callBoxed(&again);
    for (std::size_t i = 0; i < found.size(); ++i) renew(found[i], again[i]);
  });
  for (std::size_t i = 0; i < results; ++i) {
    auto& value = (*stack)[from + i];
    if (const auto* alias = schema.returns()[i].alias_info()) {
      if (!alias->isWrite()) refuse(op, "a view that it does not know");
      for (std::size_t j = 0; j < given.size(); ++j) {
        const auto* other = schema.arguments()[j].alias_info();
        if (!other || *other != *alias) continue;
        if (value.toTensor().sizes() != given[j].toTensor().sizes())
          become(given[j].toTensor(), far(value.toTensor()));
        value = given[j];
        break;
      }
    } else if (value.isTensor()) {
      if (value.toTensor().defined()) value = far(value.toTensor());
    } else if (value.isTensorList()) {
      c10::List<at::Tensor> list;
      for (const at::Tensor& tensor : value.toTensorVector()) list.push_back(far(tensor));
      value = list;
    } else {
      refuse(op, "a result that is a number, which a GPU is waited for");
    }
  }
}

at::Tensor& copy(at::Tensor& to, const at::Tensor& from, bool) {
  const bool from_far = is_far(from), to_far = is_far(to);
  if (from_far && !to_far) wait(transfers.from_far);
  if (to_far && !from_far) wait(transfers.to_far);
  const auto target = to_far ? near(to) : to, source = from_far ? near(from) : from;
  target.copy_(source);
  keep([target, source] { target.copy_(source); });
  return to;
}

at::Scalar number(const at::Tensor& tensor) {
  wait(transfers.from_far);
  return near(tensor).item();
}

at::Tensor empty(at::IntArrayRef size, c10::optional<at::ScalarType> type,
                 c10::optional<at::Layout>, c10::optional<at::Device>, c10::optional<bool>,
                 c10::optional<at::MemoryFormat>) {
  return far(at::empty(size, type.value_or(at::kFloat)));
}
at::Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride,
                         c10::optional<at::ScalarType> type, c10::optional<at::Layout>,
                         c10::optional<at::Device>, c10::optional<bool>) {
  return far(at::empty_strided(size, stride, type.value_or(at::kFloat)));
}
at::Tensor strided_view(const at::Tensor& self, at::IntArrayRef size, at::IntArrayRef stride,
                        c10::optional<std::int64_t> offset) {
  return at::native::as_strided_tensorimpl(self, size, stride, offset);
}
at::Tensor reshape_alias(const at::Tensor& self, at::IntArrayRef size, at::IntArrayRef stride) {
  return strided_view(self, size, stride, self.storage_offset());
}

// Needs its own function: a fallback does not replace it.
at::Tensor convolution(const at::Tensor& input, const at::Tensor& weight,
                       const c10::optional<at::Tensor>& bias, at::IntArrayRef stride,
                       at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed,
                       at::IntArrayRef output_padding, std::int64_t groups) {
  const auto work = [=, x = near(input), w = near(weight), b = near(bias.value()),
                     stride = stride.vec(), padding = padding.vec(), dilation = dilation.vec(),
                     output_padding = output_padding.vec()] {
    return at::convolution(x, w, b, stride, padding, dilation, transposed, output_padding, groups);
  };
  const auto found = work();
  keep([=] { found.copy_(work()); });
  return far(found);
}
std::tuple<at::Tensor, at::Tensor, at::Tensor> convolution_backward(
    const at::Tensor& gradient, const at::Tensor& input, const at::Tensor& weight,
    at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed,
    at::IntArrayRef output_padding, std::int64_t groups, std::array<bool, 3> wanted) {
  const auto work = [=, g = near(gradient), x = near(input), w = near(weight),
                     stride = stride.vec(), padding = padding.vec(), dilation = dilation.vec(),
                     output_padding = output_padding.vec()] {
    const auto [dx, dw, db] =
        at::convolution_backward(g, x, w, w.sizes().slice(0, 1), stride, padding, dilation,
                                 transposed, output_padding, groups, wanted);
    return std::vector<at::Tensor>{dx, dw, db};
  };
  const auto found = work();
  keep([=] { renew(found, work()); });
  const auto back = [&](std::size_t i) { return found[i].defined() ? far(found[i]) : found[i]; };
  return {back(0), back(1), back(2)};
}

TORCH_LIBRARY_IMPL(_, PrivateUse1, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&by_cpu>());
}
TORCH_LIBRARY_IMPL(aten, PrivateUse1, library) {
  library.impl("copy_", &copy);
  library.impl("_local_scalar_dense", &number);
  library.impl("empty.memory_format", &empty);
  library.impl("empty_strided", &empty_strided);
  library.impl("as_strided", &strided_view);
  library.impl("_reshape_alias", &reshape_alias);
  library.impl("convolution_overrideable", &convolution);
  library.impl("convolution_backward_overrideable", &convolution_backward);
  library.impl("view", &at::native::view);
  library.impl("unfold", &at::native::unfold);
}

}  // namespace

FarTransfers far_transfers() { return transfers; }

}  // namespace strffit::test
